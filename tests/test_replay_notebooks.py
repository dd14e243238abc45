"""Every notebook, run again, shows what it showed when it was built."""

import pytest
from _replay import differences, each, rerun


@pytest.mark.slow
@each("exercise")
def test_running_it_again_gives_the_same_outputs(path):
    assert not differences(*rerun(path))
