/** Where kube-proxy's own tests expect a first packet to end. They lie beside the checkout; where they are missing, these tests are skipped. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type NftRecordedInputs, recordedTable } from '../../sim/drivers/proxy/kube-proxy/nftables/recorded-case.ts';
import { type RecordedInputs, syncedRules } from '../../sim/drivers/proxy/kube-proxy/recorded-case.ts';
import { parseRuleset } from '../../sim/linux/netfilter/iptables/parse.ts';
import type { Ruleset } from '../../sim/linux/netfilter/iptables/rule.ts';
import { parseNft } from '../../sim/linux/netfilter/nftables/parse.ts';
import { printTable } from '../../sim/linux/netfilter/nftables/print.ts';
import type { NftTable } from '../../sim/linux/netfilter/nftables/ruleset.ts';
import { iptablesFlow, type RecordedFlow } from './iptables-flows.ts';
import { nftFlow, type RecordedNftFlow } from './nft-flows.ts';

const FOLDER = join(process.cwd(), '../shared/truth/kube-proxy');
const isHere = existsSync(FOLDER);

interface FlowCase<I, F> {
  readonly layout?: string;
  readonly inputs?: I;
  readonly expected?: {
    readonly dump?: string;
    readonly dumpKind?: string;
    readonly save?: string;
    readonly nftList?: string;
    readonly flows?: readonly F[];
  };
}

/** Rows of file, name, inputs, flow and what else the case expects. */
function flowsIn<I extends object, F extends RecordedFlow>(mode: string) {
  const files = isHere ? readdirSync(join(FOLDER, mode)).sort() : [];
  return files.flatMap((file) => {
    const { inputs, layout, expected } = JSON.parse(readFileSync(join(FOLDER, mode, file), 'utf8')) as FlowCase<I, F>;
    if (inputs === undefined || !('endpointSlices' in inputs)) return [];
    const known = layout === undefined ? inputs : { ...inputs, layout };
    return (expected?.flows ?? []).map((flow) => [file, flow.name, known, flow, expected] as const);
  });
}

const wanted = ({ expectedOutput, masq = false }: RecordedFlow) => ({ output: expectedOutput, masq });

const overIptables = flowsIn<RecordedInputs, RecordedFlow>('iptables');
const overNftables = flowsIn<NftRecordedInputs, RecordedNftFlow>('nftables');

describe.skipIf(!isHere)('flows of kube-proxy cases (skipped where ../shared/truth is missing)', () => {
  it('are there', () => {
    expect(overIptables.length).toBeGreaterThan(0);
    expect(overNftables.length).toBeGreaterThan(0);
  });

  it.each(overIptables)('iptables: %s: %s', (_file, _name, inputs, flow, expected) => {
    expect(iptablesFlow(syncedRules(inputs), inputs, flow)).toEqual(wanted(flow));
    for (const text of [expected?.dumpKind?.endsWith('partial') ? undefined : expected?.dump, expected?.save])
      if (text !== undefined) expect(iptablesFlow(readRules(text), inputs, flow)).toEqual(wanted(flow));
  });

  it.each(overNftables)('nftables: %s: %s', (_file, _name, inputs, flow, expected) => {
    const table = recordedTable(inputs);
    expect(nftFlow(table, inputs, flow)).toEqual(wanted(flow));
    for (const text of [printTable(table), expected?.dump, expected?.nftList])
      if (text !== undefined) expect(nftFlow(readTable(text), inputs, flow)).toEqual(wanted(flow));
  });

  it.each(overNftables.filter(([, , , flow]) => flow.expectedOutput.includes(', ')))(
    'layout C chooses the same endpoints: %s: %s',
    (_file, _name, inputs, flow) => {
      expect(nftFlow(recordedTable({ ...inputs, layout: 'C' }), inputs, flow).output).toBe(flow.expectedOutput);
    },
  );
});

function readRules(text: string): Ruleset {
  const parsed = parseRuleset(text);
  if (!parsed.ok) throw new Error(`line ${parsed.error.line}: ${parsed.error.message}`);
  return parsed.value;
}

function readTable(text: string): NftTable {
  const parsed = parseNft(text);
  const table = parsed.ok ? parsed.value[0] : undefined;
  if (!table) throw new Error(parsed.ok ? 'no table' : `line ${parsed.error.line}: ${parsed.error.message}`);
  return table;
}
