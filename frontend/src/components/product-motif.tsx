import {
  Amphora,
  Armchair,
  Backpack,
  BedDouble,
  Blocks,
  BookOpen,
  Bot,
  ChefHat,
  CircleDot,
  Clock,
  Coffee,
  Compass,
  CookingPot,
  CupSoda,
  Dumbbell,
  Droplets,
  Flame,
  FlameKindling,
  Flower2,
  Folder,
  Frame,
  Gem,
  Gift,
  Globe,
  HardHat,
  Lamp,
  LampDesk,
  LampFloor,
  Lasso,
  Layers,
  Leaf,
  Library,
  Map,
  Monitor,
  Mountain,
  NotebookPen,
  Package,
  Palette,
  Paperclip,
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
  type LucideProps,
} from "lucide-react";

import { hash } from "@/components/product-look";

type Group = { icon: LucideIcon; things: Record<string, LucideIcon> };

/** A picture for every category of the demo, and what the last word of a name makes one think of. */
const GROUPS: Record<string, Group> = {
  home: {
    icon: Sofa,
    things: { lamp: Lamp, blanket: BedDouble, clock: Clock, cushion: Sofa, candle: Flame, vase: Amphora, mirror: Frame },
  },
  kitchen: {
    icon: CookingPot,
    things: { teapot: Coffee, pan: CookingPot, knife: UtensilsCrossed, bowl: Soup, kettle: Coffee, mug: Coffee, grinder: Coffee, board: UtensilsCrossed },
  },
  garden: {
    icon: Flower2,
    things: { planter: Sprout, rake: Shovel, bench: Armchair, lantern: LampFloor, trowel: Shovel, hose: Droplets },
  },
  office: {
    icon: LampDesk,
    things: { notebook: NotebookPen, pen: PenLine, folder: Folder, desk: LampDesk, stand: Monitor, stapler: Paperclip },
  },
  outdoor: {
    icon: Mountain,
    things: { tent: Tent, backpack: Backpack, bottle: CupSoda, hammock: TreePine, compass: Compass, stove: FlameKindling },
  },
  toys: { icon: Blocks, things: { puzzle: Puzzle, kite: Wind, blocks: Blocks, train: TrainFront, robot: Bot, marbles: CircleDot } },
  books: {
    icon: Library,
    things: { atlas: Globe, cookbook: ChefHat, novel: BookOpen, guide: Map, sketchbook: Palette, almanac: Library },
  },
  sport: { icon: Trophy, things: { ball: Volleyball, mat: Layers, helmet: HardHat, gloves: Dumbbell, racket: Trophy, rope: Lasso } },
};
const OTHERS: LucideIcon[] = [Package, Gift, Gem, Leaf];

type MotifProps = LucideProps & { name: string; category: string };

/** What stands in a drawn picture. With its fifty icons it is a file of its own, loaded after the page. */
export default function ProductMotif({ name, category, ...look }: MotifProps) {
  const Icon = thing(name) ?? ofCategory(category) ?? OTHERS[hash(name) % OTHERS.length] ?? Package;
  return <Icon {...look} />;
}

function ofCategory(category: string): LucideIcon | undefined {
  return Object.hasOwn(GROUPS, category.toLowerCase()) ? GROUPS[category.toLowerCase()]?.icon : undefined;
}

function thing(name: string): LucideIcon | undefined {
  for (const word of name.toLowerCase().split(/[^\p{L}\p{N}]+/u).reverse()) {
    const group = Object.values(GROUPS).find(({ things }) => Object.hasOwn(things, word));
    if (group !== undefined) return group.things[word];
  }
  return undefined;
}
