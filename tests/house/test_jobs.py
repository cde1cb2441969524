"""Jobs are asked for by dotted name: every name leads to a function that takes one id."""

import inspect
from importlib import import_module

import pytest

from backoffice.jobs import TIMEOUTS, Job


class JobWithoutFunction(Exception):
    """A job's name leads nowhere, or to something that does not take exactly one id."""


def require_function(name: str) -> None:
    module, _, function = name.rpartition(".")
    found = getattr(import_module(module), function, None)
    if not inspect.isfunction(found):
        raise JobWithoutFunction(name)
    # what RQ calls is the shell around the job, so that is whose parameters count
    if len(inspect.signature(found, follow_wrapped=False).parameters) != 1:
        raise JobWithoutFunction(name)


@pytest.mark.parametrize("job", list(Job), ids=lambda job: job.name)
def test_every_job_name_leads_to_a_function_of_one_id(job: Job) -> None:
    require_function(job.value)


def test_a_name_that_leads_nowhere_is_found() -> None:
    with pytest.raises(JobWithoutFunction):
        require_function("workers.runtime.no_such_job")
    with pytest.raises(ModuleNotFoundError):
        require_function("workers.no_such_module.job")


def test_every_time_limit_belongs_to_a_job() -> None:
    assert set(TIMEOUTS) <= {job.value for job in Job}


@pytest.mark.parametrize(
    "job",
    [
        Job.RELEASE_CLAIMS,
        Job.POLL_CLEARINGHOUSE,
        Job.READ_INBOUND_FILE,
        Job.APPLY_RESPONSES,
        Job.APPLY_ACKNOWLEDGEMENT,
        Job.READ_REMITTANCE,
        Job.POST_REMITTANCE,
    ],
    ids=lambda job: job.name,
)
def test_a_job_whose_work_grows_with_a_day_of_claims_has_a_quarter_of_an_hour(job: Job) -> None:
    assert TIMEOUTS[job.value] == 900
