// Uses the client that openapi-generator generates. `EmployeesApi` stands for the class of the operations.
import { Configuration, EmployeesApi, ResponseError, ProblemFromJSON } from './client';
import type { Employee, EmployeeList, Problem } from './client';

function check(holds: boolean, value: unknown): asserts holds {
  if (!holds) throw new Error(`unexpected: ${JSON.stringify(value)}`);
}

export async function use(url: string, key: string, linkedAccountId: string): Promise<void> {
  const api = new EmployeesApi(new Configuration({ basePath: url, accessToken: key }));

  const list = async (cursor?: string): Promise<EmployeeList> => {
    const page = await api.listEmployees(cursor === undefined ? { linkedAccountId, limit: 2 } : { linkedAccountId, limit: 2, cursor });
    check(page.items.length === 2, page);
    return page;
  };
  const first = await list();
  check(typeof first.nextCursor === 'string', first);
  const second = await list(first.nextCursor);
  check(!second.items.some((one) => first.items.some((other) => other.id === one.id)), second);

  const id = first.items[0]?.id ?? '';
  const employee: Employee = await api.getEmployee({ linkedAccountId, id });
  check(employee.id === id, employee);

  const error: unknown = await api.getEmployee({ linkedAccountId, id: '999999999' }).catch((thrown: unknown) => thrown);
  check(error instanceof ResponseError, error);
  const problem: Problem = ProblemFromJSON(await error.response.json());
  check(error.response.status === 404 && problem.status === 404 && problem.code !== '', problem);
}
