// Uses the client that orval generates.
import { getEmployee, listEmployees } from './client';
import type { Employee, EmployeeList, Problem } from './model';

function check(holds: boolean, value: unknown): asserts holds {
  if (!holds) throw new Error(`unexpected: ${JSON.stringify(value)}`);
}

export async function use(_url: string, key: string, account: string): Promise<void> {
  const options = { headers: { authorization: `Bearer ${key}` } };

  const list = async (cursor?: string): Promise<EmployeeList> => {
    const response = await listEmployees(account, cursor === undefined ? { limit: 2 } : { limit: 2, cursor }, options);
    check(response.status === 200, response);
    check(response.data.items.length === 2, response);
    return response.data;
  };
  const first = await list();
  check(typeof first.next_cursor === 'string', first);
  const second = await list(first.next_cursor);
  check(!second.items.some((one) => first.items.some((other) => other.id === one.id)), second);

  const id = first.items[0]?.id ?? '';
  const found = await getEmployee(account, id, {}, options);
  check(found.status === 200, found);
  const employee: Employee = found.data;
  check(employee.id === id, employee);

  const missing = await getEmployee(account, '999999999', {}, options);
  check(missing.status === 404, missing);
  const problem: Problem = missing.data;
  check(problem.status === 404 && problem.code !== '', problem);
}
