/** Runs `work` while no other tab runs work of that name. Browsers without locks (plain http elsewhere) just run it. */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = (navigator as Partial<Navigator>).locks ?? null;
  return locks === null ? await work() : await locks.request(name, work);
}
