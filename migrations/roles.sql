-- The roles that the migrations grant to: run once by whoever may make roles, before the first
-- migration, and again at any time (nothing is changed that stands). Passwords are yours to set:
--   ALTER ROLE app PASSWORD '...'   and likewise owner, relay, sealer, intake.
-- owner   migrates and owns every table; given to the release step only
-- app     web, events and worker processes: owns nothing, stands under the wall
-- relay   rings for errands: sees their job, id and times, nothing of any practice
-- sealer  seals the record
-- intake  takes in what came before its practice is known
-- search  owns the one function that looks for clients by words; nobody signs in as it
-- auditor reads the record; the app takes it on for one transaction
-- remover owns what removes a practice that left, by schedule
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['owner', 'app', 'relay', 'sealer', 'intake'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format(
        'CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION',
        wanted);
    END IF;
  END LOOP;
  FOREACH wanted IN ARRAY ARRAY['search', 'auditor', 'remover'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format(
        'CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION',
        wanted);
    END IF;
  END LOOP;
  -- Members may become these roles and are not them meanwhile: a policy for one opens nothing.
  IF current_setting('server_version_num')::int >= 160000 THEN
    GRANT search, remover TO owner WITH INHERIT FALSE, SET TRUE;
    GRANT auditor TO app WITH INHERIT FALSE, SET TRUE;
  ELSE
    GRANT search, remover TO owner;
    ALTER ROLE app NOINHERIT;
    GRANT auditor TO app;
  END IF;
END $$;
