import lrfit.tf1 as tf
from lrfit.tf1 import compat, test


def test_text_and_bytes_are_made_of_each_other():
    assert compat.as_bytes("λ") == compat.as_bytes(b"\xce\xbb") == b"\xce\xbb"
    assert compat.as_text(b"\xce\xbb") == compat.as_str("λ") == "λ"


def test_version_1_is_the_package():
    assert compat.v1 is tf


def test_there_is_no_graphics_card():
    assert not test.is_gpu_available(cuda_only=True)
    assert not test.is_built_with_cuda()
    assert test.gpu_device_name() == ""
