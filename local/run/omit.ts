/** A copy of `value` without `key`. */
export const omit = <T extends object, K extends keyof T & string>(value: T, key: K): Omit<T, K> =>
  Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)) as Omit<T, K>;
