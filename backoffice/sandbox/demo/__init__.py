"""A believable billing company, made from a seed: nobody in it is real."""
