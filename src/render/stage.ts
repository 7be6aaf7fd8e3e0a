import type { Stage, StageCallbacks } from './stage-api.ts';

/** Mounts the picture into a positioned host element of any size. */
export function createStage(host: HTMLElement, _callbacks: StageCallbacks): Stage {
  host.classList.add('hs-stage');
  const nothing = (): void => {};
  return {
    setWorld: nothing,
    setTrace: nothing,
    setMoment: nothing,
    glideTo: nothing,
    setCrowd: nothing,
    setSelection: nothing,
    setTheme: nothing,
    zoomTo: nothing,
    fit: nothing,
    resize: nothing,
    destroy: () => host.classList.remove('hs-stage'),
  };
}
