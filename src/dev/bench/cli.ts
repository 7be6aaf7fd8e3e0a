/** `npm run bench`: what it takes, on whatever machine it runs. It reports; nothing fails for being slow. */
import { cpus } from 'node:os';
import { benchBundle } from './bundle.ts';
import { benchCnis, benchKnobs, benchPlans, benchTraces } from './engine.ts';
import { benchPage } from './page.ts';
import { benchPolicies } from './policies.ts';

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}\n`);
console.log(`${benchTraces()}\n`);
console.log(`${benchKnobs()}\n`);
console.log(`${benchCnis()}\n`);
console.log(`${benchPlans()}\n`);
console.log(`${benchPolicies()}\n`);
console.log(`${benchBundle()}\n`);
console.log(await benchPage());
