"""DNS messages, byte by byte."""

from ipaddress import ip_address

import pytest

from engine.dns import message
from engine.dns.message import MalformedMessage

HEADER = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
QUESTION = HEADER + b"\x02Db\x03app\x00\x00\x01\x00\x01"


def test_a_question_is_read_in_lower_case() -> None:
    question = message.parse_question(QUESTION)

    assert (question.message_id, question.name, question.record_type) == (0x1234, "db.app", message.TYPE_A)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        HEADER,
        QUESTION[:-1],
        QUESTION[:-5],
        HEADER + b"\xc0\x0c\x00\x01\x00\x01",
        b"\x12\x34\x81\x80" + QUESTION[4:],
        QUESTION[:5] + b"\x02" + QUESTION[6:],
    ],
)
def test_what_is_no_question_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        message.parse_question(data)


def test_an_answer_has_the_addresses_of_the_kind_asked_for() -> None:
    question = message.parse_question(QUESTION)
    answer = message.answer_addresses(question, [ip_address("10.0.0.1"), ip_address("fd00::1")])

    assert answer[:4] == b"\x12\x34\x81\x80"
    assert answer[6:8] == b"\x00\x01"
    assert answer.endswith(b"\x00\x04\x0a\x00\x00\x01")


def test_a_name_without_addresses_of_that_kind_is_there_all_the_same() -> None:
    question = message.parse_question(QUESTION[:-3] + b"\x1c\x00\x01")
    answer = message.answer_addresses(question, [ip_address("10.0.0.1")])

    assert answer[2:8] == b"\x81\x80\x00\x01\x00\x00"


def test_errors_and_truncation_stand_in_the_flags() -> None:
    question = message.parse_question(QUESTION)

    assert message.answer_error(question, message.NAME_ERROR)[3] & 0x0F == 3
    assert message.answer_truncated(question)[2] & 0x02


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("4.3.2.10.in-addr.arpa", "10.2.3.4"),
        ("1." + "0." * 27 + "0.0.d.f.ip6.arpa", "fd00::1"),
        ("3.2.10.in-addr.arpa", None),
        ("example.org", None),
        ("x." * 32 + "ip6.arpa", None),
    ],
)
def test_the_address_of_a_reverse_name_is_read(name: str, address: str | None) -> None:
    assert message.reverse_address(name) == (ip_address(address) if address else None)
