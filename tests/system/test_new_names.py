"""What is to be written gets a name of its own, and a command downloads to it."""

import pytest

from lrfit.system.new_names import download_command, unused_name


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("address", "command"),
    [
        ("https://x.org/a/d.csv", "curl -sSL https://x.org/a/d.csv > d.csv"),
        ("HTTP://x.org/d?a=1&b=2#c", "curl -sSL 'HTTP://x.org/d?a=1&b=2#c' > data.csv"),
        ("https://x.org", "curl -sSL https://x.org > data.csv"),
        ("https://x.org/m.json?raw", "curl -sSL 'https://x.org/m.json?raw' > m.json"),
        ("https://x.org/-d.csv", "curl -sSL https://x.org/-d.csv > data.csv"),
        ("https://x.org/\x1b.csv", r"curl -sSL 'https://x.org/\x1b.csv' > data.csv"),
        ("ftp://x.org/d.csv.gz", "curl -sSL ftp://x.org/d.csv.gz > d.csv.gz"),
        ("s3://bucket/d.csv", "aws s3 cp s3://bucket/d.csv d.csv"),
        ("gs://bucket/d.csv", "gcloud storage cp gs://bucket/d.csv d.csv"),
        ("hdfs://x/d.csv", "hdfs dfs -get hdfs://x/d.csv d.csv"),
        ("file:///home/d.csv", None),
        ("d.csv", None),
    ],
)
def test_a_command_downloads_what_is_at_an_address(address, command):
    assert download_command(address) == command


def test_a_download_overwrites_no_file(tmp_path):
    (tmp_path / "d.csv").touch()
    assert download_command("https://x.org/d.csv").endswith(" > d_2.csv")
    (tmp_path / "d_2.csv").symlink_to("nowhere")
    assert unused_name("d.csv") == "d_3.csv"
    assert unused_name("new.csv") == "new.csv"
