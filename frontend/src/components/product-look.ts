type Group = { hue: number; things: string };

/** The demo's categories: a hue, and the words at the end of a name that mean such a thing. */
const GROUPS: Record<string, Group> = {
  home: { hue: 28, things: "lamp blanket clock cushion candle vase mirror sofa" },
  kitchen: { hue: 8, things: "teapot pan knife bowl kettle mug grinder board" },
  garden: { hue: 110, things: "planter rake bench lantern trowel hose" },
  office: { hue: 218, things: "notebook pen folder desk stand stapler" },
  outdoor: { hue: 165, things: "tent backpack bottle hammock compass stove" },
  toys: { hue: 45, things: "puzzle kite blocks train robot marbles" },
  books: { hue: 262, things: "atlas cookbook novel guide sketchbook almanac" },
  sport: { hue: 195, things: "ball mat helmet gloves racket rope" },
};

const THINGS = new Map(Object.values(GROUPS).flatMap((group) => group.things.split(" ").map((thing) => [thing, group])));

export type Look = { hue: number; second: number; sunX: number; sunY: number; tilt: number };

/** Orders know a product's name alone: a thing that is known looks the same without its category. */
export function paletteOf(name: string, category: string): Look {
  const h = hash(name);
  const base = (known(name) ?? GROUPS[category.toLowerCase()])?.hue ?? hash(category) % 360;
  const hue = (base + ((h % 31) - 15) + 360) % 360;
  return {
    hue,
    second: (hue + 18 + ((h >>> 5) % 26)) % 360,
    sunX: 40 + ((h >>> 9) % 120),
    sunY: 24 + ((h >>> 14) % 50),
    tilt: ((h >>> 19) % 17) - 8,
  };
}

function known(name: string): Group | undefined {
  const words = name.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  const last = words.reverse().find((word) => THINGS.has(word));
  return last === undefined ? undefined : THINGS.get(last);
}

/** FNV-1a: spreads well, and is the same everywhere. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) {
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return value >>> 0;
}
