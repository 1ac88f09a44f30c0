// Uses openapi-fetch with the generated types.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Employee = components['schemas']['Employee'];
type EmployeeList = components['schemas']['EmployeeList'];
type Problem = components['schemas']['Problem'];

const employees = '/v1/linked-accounts/{linked_account_id}/employees';

function check(holds: boolean, value: unknown): asserts holds {
  if (!holds) throw new Error(`unexpected: ${JSON.stringify(value)}`);
}

export async function use(url: string, key: string, linked_account_id: string): Promise<void> {
  const client = createClient<paths>({ baseUrl: url, headers: { authorization: `Bearer ${key}` } });

  const list = async (cursor?: string): Promise<EmployeeList> => {
    const query = cursor === undefined ? { limit: 2 } : { limit: 2, cursor };
    const { data, error } = await client.GET(employees, { params: { path: { linked_account_id }, query } });
    if (error) throw new Error(`${error.code}: ${error.detail}`);
    check(data.items.length === 2, data);
    return data;
  };
  const first = await list();
  check(typeof first.next_cursor === 'string', first);
  const second = await list(first.next_cursor);
  check(!second.items.some((one) => first.items.some((other) => other.id === one.id)), second);

  const get = (id: string) => client.GET(`${employees}/{id}`, { params: { path: { linked_account_id, id } } });
  const id = first.items[0]?.id ?? '';
  const found = await get(id);
  const employee: Employee | undefined = found.data;
  check(employee?.id === id, found);

  const missing = await get('999999999');
  const problem: Problem | undefined = missing.error;
  check(missing.response.status === 404 && problem?.status === 404 && problem.code !== '', problem);
}
