export const DOCK_TABS = ['timeline', 'rules', 'pod', 'yaml', 'text', 'policies', 'matrix'] as const;
export type DockTab = (typeof DOCK_TABS)[number];
