/** The stage alone, to look at: `npm start`, then open /src/dev/gallery/gallery.html. Query: `scene`, `theme`, `step`. */
import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import '../../render/tokens.css';
import '../../render/stage.css';
import { createStage } from '../../render/stage.ts';

const host = document.getElementById('stage');
if (!host) throw new Error('gallery.html has no #stage element.');
createStage(host, {});
