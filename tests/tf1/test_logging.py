from script_runs import run_script

from lrfit.tf1 import logging


def test_warnings_are_written_and_infos_are_not(tmp_path):
    text = "import tensorflow as tf\ntf.logging.info('a')\ntf.logging.warn('b %d', 1)\ntf.logging.error('c')"
    result = run_script(tmp_path, text)
    assert (result.stdout, result.stderr) == ("", "WARNING:tensorflow:b 1\nERROR:tensorflow:c\n")


def test_a_script_sets_from_which_level_on(caplog):
    before = logging.get_verbosity()
    assert before == logging.WARN
    logging.set_verbosity(logging.DEBUG)
    logging.debug("a")
    logging.info("b")
    logging.set_verbosity(logging.FATAL)
    logging.error("c")
    logging.fatal("%s", "d")
    logging.set_verbosity(0)
    assert [record.getMessage() for record in caplog.records] == ["a", "b", "d"]
