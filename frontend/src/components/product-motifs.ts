import {
  Amphora,
  Armchair,
  Backpack,
  BedDouble,
  Blocks,
  BookOpen,
  Bot,
  ChefHat,
  Clock,
  Coffee,
  Compass,
  CookingPot,
  CupSoda,
  Dumbbell,
  Flame,
  FlameKindling,
  Flower2,
  Folder,
  Gem,
  Gift,
  Globe,
  HardHat,
  Lamp,
  LampDesk,
  LampFloor,
  Layers,
  Leaf,
  Library,
  Map,
  Monitor,
  Mountain,
  NotebookPen,
  Package,
  Palette,
  PenLine,
  Puzzle,
  Shovel,
  Sofa,
  Soup,
  Sprout,
  Tent,
  TrainFront,
  TreePine,
  Trophy,
  UtensilsCrossed,
  Volleyball,
  Wind,
  type LucideIcon,
} from "lucide-react";

type Group = { hue: number; icon: LucideIcon; things: Record<string, LucideIcon> };

/** A hue and a picture for every category of the demo, and what the last word of a name makes one think of. */
const GROUPS: Record<string, Group> = {
  home: {
    hue: 28,
    icon: Sofa,
    things: { lamp: Lamp, blanket: BedDouble, clock: Clock, cushion: Sofa, candle: Flame, vase: Amphora, sofa: Sofa },
  },
  kitchen: {
    hue: 8,
    icon: CookingPot,
    things: { teapot: Coffee, pan: CookingPot, knife: UtensilsCrossed, bowl: Soup, kettle: Coffee, mug: Coffee },
  },
  garden: {
    hue: 110,
    icon: Flower2,
    things: { planter: Sprout, rake: Shovel, bench: Armchair, lantern: LampFloor, trowel: Shovel },
  },
  office: {
    hue: 218,
    icon: LampDesk,
    things: { notebook: NotebookPen, pen: PenLine, folder: Folder, desk: LampDesk, stand: Monitor },
  },
  outdoor: {
    hue: 165,
    icon: Mountain,
    things: { tent: Tent, backpack: Backpack, bottle: CupSoda, hammock: TreePine, compass: Compass, stove: FlameKindling },
  },
  toys: { hue: 45, icon: Blocks, things: { puzzle: Puzzle, kite: Wind, blocks: Blocks, train: TrainFront, robot: Bot } },
  books: {
    hue: 262,
    icon: Library,
    things: { atlas: Globe, cookbook: ChefHat, novel: BookOpen, guide: Map, sketchbook: Palette, almanac: Library },
  },
  sport: { hue: 195, icon: Trophy, things: { ball: Volleyball, mat: Layers, helmet: HardHat, gloves: Dumbbell } },
};
const OTHERS: LucideIcon[] = [Package, Gift, Gem, Leaf];

export type Look = { hue: number; second: number; sunX: number; sunY: number; tilt: number };

/** Orders know a product's name alone: a thing that is known looks the same without its category. */
export function paletteOf(name: string, category: string): Look {
  const h = hash(name);
  const base = (known(name)?.group ?? GROUPS[category.toLowerCase()])?.hue ?? hash(category) % 360;
  const hue = (base + ((h % 31) - 15) + 360) % 360;
  return {
    hue,
    second: (hue + 18 + ((h >>> 5) % 26)) % 360,
    sunX: 40 + ((h >>> 9) % 120),
    sunY: 24 + ((h >>> 14) % 50),
    tilt: ((h >>> 19) % 17) - 8,
  };
}

export function motifOf(name: string, category: string): LucideIcon {
  return known(name)?.icon ?? categoryIcon(category) ?? OTHERS[hash(name) % OTHERS.length] ?? Package;
}

export function categoryIcon(category: string): LucideIcon | undefined {
  return Object.hasOwn(GROUPS, category.toLowerCase()) ? GROUPS[category.toLowerCase()]?.icon : undefined;
}

function known(name: string): { group: Group; icon: LucideIcon } | null {
  for (const word of name.toLowerCase().split(/[^\p{L}\p{N}]+/u).reverse()) {
    for (const group of Object.values(GROUPS)) {
      const icon = Object.hasOwn(group.things, word) ? group.things[word] : undefined;
      if (icon !== undefined) return { group, icon };
    }
  }
  return null;
}

/** FNV-1a: spreads well, and is the same everywhere. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) {
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return value >>> 0;
}
