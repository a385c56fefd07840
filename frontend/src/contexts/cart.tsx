import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";

import { useSession } from "@/contexts/session";
import { useToasts } from "@/contexts/toasts";
import { api, call, type Schemas } from "@/lib/api";
import { exclusively } from "@/lib/exclusively";
import { total as totalOf } from "@/lib/format";
import { guestCart } from "@/lib/guest-cart";
import { mergeGuestCart, MOST_OF_ONE } from "@/lib/merge-cart";
import { CART } from "@/lib/products";

type Cart = Schemas["Cart"];
/** `available` is null where it is not known: in a guest's cart. */
export type CartLine = Omit<Schemas["CartItem"], "available"> & { available: number | null };
export type Sold = { product_id: string; name: string; price: number };
type CartContext = {
  lines: CartLine[];
  /** Units, all lines together. */
  count: number;
  total: number;
  loading: boolean;
  error: Error | null;
  setQuantity: (product: Sold, quantity: number) => void;
  add: (product: Sold, quantity: number) => void;
  drawerOpen: boolean;
  showDrawer: (open: boolean) => void;
};

const KEY = [CART];
const Context = createContext<CartContext | null>(null);
const put = (id: string, quantity: number): Promise<Cart> =>
  call(api.PUT("/api/cart/items/{product_id}", { params: { path: { product_id: id } }, body: { quantity } }));
const view = (): Promise<Cart> => call(api.GET("/api/cart/"));

/** The cart, a guest's or a buyer's: the same to every page. */
export function CartProvider({ children }: { children: ReactNode }) {
  const { user } = useSession();
  const [drawerOpen, showDrawer] = useState(false);
  const buyer = useBuyersCart(user?.role === "buyer" ? user.id : null);
  const guest = useSyncExternalStore(guestCart.subscribe, guestCart.lines);

  const value = useMemo<CartContext>(() => {
    const lines: CartLine[] =
      user === null
        ? guest.map((line) => ({ ...line, available: null }))
        : user.role === "buyer"
          ? (buyer.cart?.items ?? [])
          : [];
    const setQuantity = (product: Sold, quantity: number): void => {
      const wanted = Math.min(MOST_OF_ONE, quantity);
      if (user === null) guestCart.put({ ...product, quantity: wanted });
      else buyer.change(product, wanted);
    };
    const inCart = (id: string): number => lines.find((line) => line.product_id === id)?.quantity ?? 0;
    return {
      lines,
      count: lines.reduce((sum, line) => sum + line.quantity, 0),
      total: totalOf(lines),
      loading: user?.role === "buyer" && buyer.loading,
      error: buyer.error,
      setQuantity,
      add: (product, quantity) => setQuantity(product, inCart(product.product_id) + quantity),
      drawerOpen,
      showDrawer,
    };
  }, [buyer, drawerOpen, guest, user]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useCart(): CartContext {
  const value = useContext(Context);
  if (value === null) throw new Error("useCart outside of CartProvider");
  return value;
}

type BuyersCart = {
  cart: Cart | undefined;
  loading: boolean;
  error: Error | null;
  change: (product: Sold, quantity: number) => void;
};

function useBuyersCart(buyerId: string | null): BuyersCart {
  const queries = useQueryClient();
  const { fail, tell } = useToasts();
  const query = useQuery({ queryKey: KEY, queryFn: view, enabled: buyerId !== null });

  useEffect(() => {
    if (buyerId === null) return;
    const merged = exclusively("cart-merge", () => mergeGuestCart(buyerId, { view, put }));
    merged.then((done) => {
      if (!done) return;
      void queries.invalidateQueries({ queryKey: KEY });
      tell("What you had put into the cart is in your cart now.");
    }, fail);
  }, [buyerId, fail, queries, tell]);

  const { mutate } = useMutation({
    mutationKey: KEY,
    scope: { id: "cart" }, // one after the other, so that the last wish wins
    mutationFn: ({ product, quantity }: { product: Sold; quantity: number }) => put(product.product_id, quantity),
    onMutate: async ({ product, quantity }) => {
      await queries.cancelQueries({ queryKey: KEY });
      queries.setQueryData<Cart>(KEY, (cart) => cart && changed(cart, product, quantity));
    },
    onError: fail,
    onSettled: (cart) => {
      if (queries.isMutating({ mutationKey: KEY }) > 1) return;
      if (cart === undefined) void queries.invalidateQueries({ queryKey: KEY });
      else queries.setQueryData(KEY, cart);
    },
  });
  return useMemo(
    () => ({
      cart: query.data,
      loading: query.isPending,
      error: query.error,
      change: (product, quantity) => mutate({ product, quantity }),
    }),
    [mutate, query.data, query.error, query.isPending],
  );
}

function changed(cart: Cart, product: Sold, quantity: number): Cart {
  const known = cart.items.some((item) => item.product_id === product.product_id);
  const items = known
    ? cart.items.map((item) => (item.product_id === product.product_id ? { ...item, quantity } : item))
    : [...cart.items, { ...product, quantity, available: quantity }];
  const left = items.filter((item) => item.quantity > 0);
  return { items: left, total_amount: totalOf(left) };
}
