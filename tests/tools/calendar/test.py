"""Reads a feed of absences with the icalendar library, and compares its events with the stored half-days."""

import datetime
import urllib.error
import urllib.request

import icalendar

from service import Service
from tenant import tenant

DAY = datetime.timedelta(days=1)


def taken(absence):
    """The half-days of an absence, including non-working days in between, without cancelled ones."""
    halves = {(leave["date"], leave["half"]): leave.get("is_active", True) for leave in absence["leaves"]}
    active = sorted(at for at, is_active in halves.items() if is_active)
    found, date = set(), datetime.date.fromisoformat(active[0][0])
    while date.isoformat() <= active[-1][0]:
        for half in ("am", "pm"):
            at = (date.isoformat(), half)
            if active[0] <= at <= active[-1] and halves.get(at, True):
                found.add(at)
        date += DAY
    return found


def shown(event):
    """The half-days of an event."""
    start, end = event["DTSTART"].dt, event["DTEND"].dt
    assert type(start) is datetime.date and start < end, event
    halves = {"(morning)": ["am"], "(afternoon)": ["pm"]}.get(event["SUMMARY"].split()[-1], ["am", "pm"])
    days = [start + DAY * n for n in range((end - start).days)]
    return {(day.isoformat(), half) for day in days for half in halves}


with tenant() as tenant:
    department = next(id for id, one in tenant.stored("departments").items() if one.get("parent_id") is None)
    path = tenant.run("calendar-feeds", "add", "Tout le monde; là", "--department", department).strip()
    service = Service(tenant.data)
    try:
        service.revive()
        with urllib.request.urlopen(f"http://127.0.0.1:{service.port}{path}") as answer:
            assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
            calendar = icalendar.Calendar.from_ical(answer.read())
        # The library leaves properties that are newer than RFC 5545 unchanged.
        assert calendar["NAME"].to_ical().decode() == "Tout le monde\\; là" and not calendar.errors

        today = datetime.date.today()
        remote = {id for id, one in tenant.stored("leave_types").items() if one.get("is_remote_work")}
        wanted = {}
        for id, absence in tenant.stored("absences").items():
            is_away = absence["is_active"] and not remote & set(absence["leave_type_ids"])
            if is_away and absence.get("is_confirmed"):
                wanted[id] = taken(absence)
        events = {}
        for event in calendar.walk("VEVENT"):
            assert not event.errors and event["DTSTAMP"].dt.tzinfo is not None
            id = event["UID"].split(".")[0]
            if id in wanted:
                events.setdefault(id, set()).update(shown(event))
        inside = lambda halves: {at for at in halves if today.isoformat() <= at[0] <= (today + 300 * DAY).isoformat()}
        wanted = {id: inside(halves) for id, halves in wanted.items() if inside(halves)}
        assert wanted and wanted == {id: inside(halves) for id, halves in events.items() if inside(halves)}
        for event in calendar.walk("VEVENT"):
            assert ": absent" in event["SUMMARY"] and "DESCRIPTION" not in event

        try:
            urllib.request.urlopen(f"http://127.0.0.1:{service.port}{path.replace('cal_', 'cal_x')}")
            raise AssertionError("a wrong address opens a feed")
        except urllib.error.HTTPError as error:
            assert error.code == 404
    finally:
        service.kill()
    print(len(wanted), "absences")
