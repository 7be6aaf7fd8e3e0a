import { describe, expect, it } from 'vitest';
import { beatsOf } from './beats.ts';
import { describeChange } from './describe-change.ts';
import { exampleTrace, exampleWorld } from './example.ts';
import { explain } from './explain.ts';
import { traceToPlainText } from './text.ts';

describe('explain', () => {
  it('tells a teacher how a Service address is translated', () => {
    const at = exampleTrace.steps.findIndex((s) => s.kind === 'nat');
    expect(explain(exampleTrace, exampleWorld, at).sentence).toContain(
      "node-1 translates the destination. The packet asked for 10.96.0.10:80, the address of Service default/web; kube-proxy's rule picked endpoint 10.244.2.2:8080 (web-2; the only one).",
    );
  });

  it('has beats, text and no change against itself', () => {
    expect(beatsOf(exampleTrace.steps, exampleTrace.packets).map(({ title }) => title)).toEqual([
      'Sends TCP SYN',
      'Enters node-1: veth-tool-1',
      'DNAT to 10.244.2.2:8080',
    ]);
    expect(traceToPlainText(exampleTrace, exampleWorld)).toContain('DNAT to 10.244.2.2:8080');
    expect(describeChange(null, exampleTrace)).toBeNull();
    expect(describeChange(exampleTrace, exampleTrace)).toBe('Nothing changed on the path of this packet.');
  });
});
