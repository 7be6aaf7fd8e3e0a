import type { ZoomTarget } from '../../render/stage-api.ts';
import { useApp, usePart } from '../app-model.ts';
import { IconButton } from '../parts/IconButton.tsx';

const ZOOM_IN = 1.4;

/** The zoom of the stage as buttons. They stand below it, where they cover nothing. */
export function ZoomTools() {
  const { desk, stage } = useApp();
  const isDrawing = usePart(desk, (state) => state.isDrawing);
  const zoom = (target: ZoomTarget): void => stage.current?.zoomTo(target);
  return (
    <div className="zoom-tools" role="toolbar" aria-label="Stage">
      <IconButton
        icon="policy"
        label="Policy mode: draw what may reach what"
        keys="M"
        dataKey="m"
        pressed={isDrawing}
        onClick={() => desk.setDrawing(!isDrawing)}
      />
      <IconButton
        icon="minus"
        label="Zoom out"
        keys="-"
        dataKey="-"
        onClick={() => zoom({ kind: 'by', factor: 1 / ZOOM_IN })}
      />
      <IconButton
        icon="plus"
        label="Zoom in"
        keys="+"
        dataKey="+"
        onClick={() => zoom({ kind: 'by', factor: ZOOM_IN })}
      />
      <IconButton icon="target" label="Zoom to the path" keys="P" dataKey="p" onClick={() => zoom({ kind: 'trace' })} />
      <IconButton icon="fit" label="Show everything" keys="0" dataKey="0" onClick={() => stage.current?.fit()} />
    </div>
  );
}
