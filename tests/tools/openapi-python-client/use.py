"""Uses the generated client. `TAG` stands for the tag of the operations."""

import sys

from lucca_client import AuthenticatedClient
from lucca_client.api.TAG import get_employee, list_employees
from lucca_client.models import Employee, EmployeeList, Problem


def use(url: str, key: str, account: str) -> None:
    with AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True) as client:
        first = list_employees.sync(account, client=client, limit=2)
        assert isinstance(first, EmployeeList) and len(first.items) == 2, first
        cursor = first.next_cursor
        assert isinstance(cursor, str), first
        second = list_employees.sync(account, client=client, limit=2, cursor=cursor)
        assert isinstance(second, EmployeeList) and len(second.items) == 2, second
        assert {one.id for one in first.items}.isdisjoint(one.id for one in second.items), (first, second)

        employee = get_employee.sync(account, first.items[0].id, client=client)
        assert isinstance(employee, Employee) and employee.id == first.items[0].id, employee

        missing = get_employee.sync_detailed(account, "999999999", client=client)
        assert missing.status_code == 404, missing
        problem = missing.parsed
        assert isinstance(problem, Problem), problem
        assert problem.status == 404 and problem.code and problem.detail, problem


use(*sys.argv[1:])
