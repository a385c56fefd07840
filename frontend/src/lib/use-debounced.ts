import { useEffect, useState } from "react";

/** `value` as it was once it stood still for `milliseconds`. */
export function useDebounced<T>(value: T, milliseconds = 250): T {
  const [calm, setCalm] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setCalm(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return calm;
}
