from webui.pages import Column
from webui.pages.tracks import tracks_css

NAME = Column("name", "Name")
STATE = Column("state", "State", width="xl")
CPU = Column("cpu", "CPU", width="s", hides_below="narrow")
OWNER = Column("owner", "Owner", width="m", hides_below="wide", width_px=148)


def test_what_has_no_width_shares_what_is_left_and_hidden_columns_have_no_track() -> None:
    css = tracks_css([NAME, STATE, CPU, OWNER], has_picks=True, has_acts=True)
    assert css == (
        ".by-row{--columns:42px minmax(0,1fr) 228px 88px 148px 108px}"
        "@media (max-width:1240px){.by-row{--columns:42px minmax(0,1fr) 228px 88px 108px}}"
        "@media (max-width:1020px){.by-row{--columns:42px minmax(0,1fr) minmax(0,1fr) 108px}}"
    )


def test_a_row_is_full_where_every_column_has_its_width() -> None:
    css = tracks_css([CPU, OWNER], has_picks=False, has_acts=False)
    assert css.startswith(".by-row{--columns:minmax(88px,88fr) minmax(148px,148fr)}")


def test_columns_that_all_have_their_width_keep_it_beside_actions() -> None:
    css = tracks_css([CPU, OWNER], has_picks=False, has_acts=True)
    assert css.startswith(".by-row{--columns:88px 148px minmax(108px,1fr)}")
