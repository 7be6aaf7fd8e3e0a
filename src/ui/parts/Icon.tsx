/** Line icons on a 16 by 16 grid. Decoration beside a word, or inside a button that has its own label. */
const PATHS = {
  play: 'M5 3.5v9l7.5-4.5z',
  pause: 'M5 3.5v9M11 3.5v9',
  'step-back': 'M10.5 4 6.5 8l4 4',
  'step-forward': 'M5.5 4l4 4-4 4',
  'mark-back': 'M12 4 8 8l4 4M7.5 4l-4 4 4 4',
  'mark-forward': 'M4 4l4 4-4 4M8.5 4l4 4-4 4',
  first: 'M4 3.5v9M12 4 7 8l5 4z',
  last: 'M12 3.5v9M4 4l5 4-5 4z',
  undo: 'M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M5.5 3.5l-3 3 3 3',
  redo: 'M13 6.5H6.5a3.5 3.5 0 0 0 0 7H10M10.5 3.5l3 3-3 3',
  link: 'M6.5 9.5l3-3M7 4.5 8.5 3a3.2 3.2 0 0 1 4.5 4.5L11.5 9M9 11.5 7.5 13A3.2 3.2 0 0 1 3 8.5L4.5 7',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9',
  moon: 'M13 9.6A5.5 5.5 0 1 1 6.4 3a4.4 4.4 0 0 0 6.6 6.6z',
  contrast: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  help: 'M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.1M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8',
  up: 'M4 10l4-4 4 4',
  down: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  left: 'M10 4 6 8l4 4',
  arrow: 'M2.5 8h11M9.5 4l4 4-4 4',
  'arrow-back': 'M13.5 8h-11M6.5 4l-4 4 4 4',
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M6 6h7.5v7.5H6zM10 6V2.5H2.5V10H6',
  check: 'M3 8.5 6.5 12 13 4.5',
  warning: 'M8 2.5 14 13.5H2zM8 6.5v3.2M8 11.6v.1',
  info: 'M8 7.3v3.9M8 4.9V5M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8',
  cross: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
  download: 'M8 2.5v7M5 7l3 3 3-3M2.5 11v2.5h11V11',
  upload: 'M8 10V3M5 5.5l3-3 3 3M2.5 11v2.5h11V11',
  fault: 'M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z',
  panel: 'M2.5 3h11v10h-11zM10 3v10',
  cluster: 'M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.5 10.5 14 14',
  trash: 'M2.5 4.5h11M6 4V2.5h4V4M4 4.5l.7 9h6.6l.7-9M6.7 7v4M9.3 7v4',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  target: 'M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5M8 1.5v2.5M8 12v2.5M1.5 8H4M12 8h2.5',
  send: 'M2.5 8h8M7 4l4 4-4 4M13.5 3v10',
  device: 'M8 6.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3',
  route: 'M8 14V8.5M8 8.5 3.5 4M8 8.5 12.5 4M3.5 7V4h3M12.5 7V4h-3',
  dnat: 'M2 5h7M6.5 2.5 9 5 6.5 7.5M11.5 2.5v11M2 11h4.5',
  snat: 'M14 5H7M9.5 2.5 7 5l2.5 2.5M4.5 2.5v11M14 11H9.5',
  encap: 'M2 3h12v10H2zM5 6h6v4H5z',
  decap: 'M5 6h6v4H5zM2 5V3h2M12 3h2v2M14 11v2h-2M4 13H2v-2',
  policy: 'M8 2 3 4v3.5c0 3 2 5.2 5 6.5 3-1.3 5-3.5 5-6.5V4z',
  conntrack: 'M3 6h8.5M9 3.5 11.5 6 9 8.5M13 10H4.5M7 7.5 4.5 10 7 12.5',
  arp: 'M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.1',
  deliver: 'M8 2v6.5M5.2 6 8 8.8 10.8 6M2.5 9.5v4h11v-4',
  drop: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
  lookup: 'M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8M10 10l3.5 3.5',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  const isFilled = name === 'play' || name === 'device';
  return (
    <svg
      className={isFilled ? 'icon icon-filled' : 'icon'}
      viewBox="0 0 16 16"
      width={size}
      height={size}
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
