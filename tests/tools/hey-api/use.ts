// Uses the client that hey-api generates.
import { getEmployee, listEmployees, type Employee, type EmployeeList, type Problem } from './client';
import { createClient } from './client/client';

function check(holds: boolean, value: unknown): asserts holds {
  if (!holds) throw new Error(`unexpected: ${JSON.stringify(value)}`);
}

export async function use(url: string, key: string, linked_account_id: string): Promise<void> {
  const client = createClient({ baseUrl: url, auth: key });

  const list = async (cursor?: string): Promise<EmployeeList> => {
    const query = cursor === undefined ? { limit: 2 } : { limit: 2, cursor };
    const { data, error } = await listEmployees({ client, path: { linked_account_id }, query });
    if (data === undefined) throw new Error(`${error.code}: ${error.detail}`);
    check(data.items.length === 2, data);
    return data;
  };
  const first = await list();
  check(typeof first.next_cursor === 'string', first);
  const second = await list(first.next_cursor);
  check(!second.items.some((one) => first.items.some((other) => other.id === one.id)), second);

  const id = first.items[0]?.id ?? '';
  const found = await getEmployee({ client, path: { linked_account_id, id } });
  const employee: Employee | undefined = found.data;
  check(employee?.id === id, found);

  const missing = await getEmployee({ client, path: { linked_account_id, id: '999999999' } });
  const problem: Problem | undefined = missing.error;
  check(missing.response?.status === 404 && problem?.status === 404 && problem.code !== '', problem);
}
