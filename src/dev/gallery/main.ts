/**
 * The stage alone, to look at: `npm start`, then open /src/dev/gallery/gallery.html. Query: `scene` (see scenes.ts), `theme`,
 * `step` (a number, or `end`), `progress`, `crowd` (packets), `detail` (an element to zoom to).
 */
import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import '../../render/tokens.css';
import '../../render/packet.css';
import '../../render/stage.css';
import './gallery.css';
import { createStage } from '../../render/stage.ts';
import { makeScene } from './scenes.ts';

const query = new URLSearchParams(location.search);
const host = document.getElementById('stage');
if (!host) throw new Error('gallery.html has no #stage element.');

const theme = query.get('theme');
if (theme) document.documentElement.dataset.theme = theme;

const { world, trace } = makeScene(query);
const stage = createStage(host, {
  onSelect: (id) => stage.setSelection(id),
  onDragProbe: (from, to) => console.log(`probe ${from} > ${to}`),
});
stage.setWorld(world);

const last = (trace?.steps.length ?? 1) - 1;
let step = query.get('step') === 'end' ? last : Number(query.get('step') ?? 0);
if (trace && query.get('step') !== 'none') {
  stage.setTrace(trace);
  stage.setMoment(step, Number(query.get('progress') ?? 1));
}
const crowd = Number(query.get('crowd') ?? 0);
if (crowd > 0) {
  const pods = world.cluster.pods.map(({ namespace, name }) => `ns:${namespace}/${name}`);
  stage.setCrowd(
    pods.flatMap((from, i) => {
      const to = pods[(i * 7 + 3) % pods.length];
      return to === undefined || to === from
        ? []
        : [
            {
              along: { from, to },
              packets: Math.ceil(crowd / pods.length),
              tone: i % 5 === 0 ? 'stopped' : 'packet',
            } as const,
          ];
    }),
  );
}
const detail = query.get('detail');
if (detail) stage.zoomTo({ kind: 'element', id: detail });

addEventListener('keydown', (event) => {
  if (event.key === 'n') step = Math.min(last, step + 1);
  else if (event.key === 'p') step = Math.max(0, step - 1);
  else return;
  stage.glideTo(step);
});

Object.assign(globalThis, { stage });
