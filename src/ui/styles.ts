/** Every sheet, in the order in which one may override another. */
import './css/fonts.css';
import '../render/tokens.css';
import '../render/stage.css';
import '../render/policy.css';
import './css/base.css';
import './css/controls.css';
import './css/shell.css';
import './css/bar.css';
import './css/cni-picker.css';
import './css/inspector.css';
import './css/control-loop.css';
import './css/dock.css';
import './css/timeline.css';
import './css/panels.css';
import './css/narrow.css';
