import { ok } from '../../sim/base/result.ts';
import {
  type NetworkPolicyObject,
  type NetworkPolicySpec,
  type PolicyType,
  policyTypesOf,
} from '../../sim/kube/policy-objects.ts';
import { Icon } from '../parts/Icon.tsx';
import { IconButton } from '../parts/IconButton.tsx';
import { type DirectionFields, EGRESS, INGRESS, type Rule } from './directions.ts';
import { PeerFields } from './PeerFields.tsx';
import { parsePorts, printPorts } from './ports-text.ts';
import { parseSelector, printSelector } from './selector-text.ts';
import { TextField } from './TextField.tsx';

export interface PolicyFormProps {
  readonly policy: NetworkPolicyObject;
  /** What the API server says of a field, and of all below it. */
  readonly errorsAt: (path: string) => readonly string[];
  readonly namespaces: readonly string[];
  /** `selects 3 pods`. */
  readonly selects: string;
  readonly onChange: (policy: NetworkPolicyObject) => void;
}

const plain = (text: string): string => text;
const asIs = (text: string) => ok(text.trim());

/** A NetworkPolicy, field by field. It says what the YAML beside it says. */
export function PolicyForm({ policy, errorsAt, namespaces, selects, onChange }: PolicyFormProps) {
  const { spec } = policy;
  const types = policyTypesOf(spec);
  const set = (part: Partial<NetworkPolicySpec>): void => onChange({ ...policy, spec: { ...spec, ...part } });
  const { podSelector = {} } = spec;
  return (
    <form className="policy-form" aria-label="Policy" onSubmit={(event) => event.preventDefault()}>
      <div className="policy-row">
        <TextField
          label="Name"
          value={policy.name}
          print={plain}
          parse={asIs}
          errors={errorsAt('metadata.name')}
          onChange={(name) => onChange({ ...policy, name })}
        />
        <TextField
          label="Namespace"
          value={policy.namespace}
          print={plain}
          parse={asIs}
          list="policy-namespaces"
          errors={errorsAt('metadata.namespace')}
          onChange={(namespace) => onChange({ ...policy, namespace })}
        />
        <datalist id="policy-namespaces">
          {namespaces.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </div>
      <TextField
        label="Selects pods with"
        value={podSelector}
        print={printSelector}
        parse={parseSelector}
        isMono
        placeholder="every pod of the namespace"
        hint={selects}
        errors={errorsAt('spec.podSelector')}
        onChange={(next) => set({ podSelector: next })}
      />
      {[INGRESS, EGRESS].map((direction) => (
        <DirectionPart
          key={direction.type}
          direction={direction}
          spec={spec}
          types={types}
          errorsAt={errorsAt}
          onChange={set}
        />
      ))}
    </form>
  );
}

interface DirectionPartProps {
  readonly direction: DirectionFields;
  readonly spec: NetworkPolicySpec;
  readonly types: readonly PolicyType[];
  readonly errorsAt: (path: string) => readonly string[];
  readonly onChange: (part: Partial<NetworkPolicySpec>) => void;
}

function DirectionPart({ direction, spec, types, errorsAt, onChange }: DirectionPartProps) {
  const { type, list, nothing } = direction;
  const isOn = types.includes(type);
  const rules = direction.rulesOf(spec);
  const toggle = (): void => {
    const policyTypes = (['Ingress', 'Egress'] as const).filter((one) => (one === type ? !isOn : types.includes(one)));
    onChange({ policyTypes });
  };
  const setRules = (next: readonly Rule[]): void => onChange({ policyTypes: types, ...direction.toSpec(next) });
  const put = (at: number, rule: Rule): void => setRules(rules.map((old, i) => (i === at ? rule : old)));
  return (
    <fieldset className="policy-direction">
      <legend>
        <label className="toggle">
          <input type="checkbox" checked={isOn} disabled={isOn && types.length === 1} onChange={toggle} />
          {type}
        </label>
        <span className="quiet">{isOn ? '' : `not concerned: ${direction.unconcerned}`}</span>
      </legend>
      {!isOn && rules.length > 0 && (
        <p className="policy-told policy-wrong">
          Its {list} rules have no effect while {type} is not ticked.
        </p>
      )}
      {isOn && rules.length === 0 && <p className="quiet">{nothing}</p>}
      {(isOn || rules.length > 0) &&
        rules.map((rule, at) => (
          <RuleFields
            // biome-ignore lint/suspicious/noArrayIndexKey: a rule has no name; its position is what errors call it by.
            key={at}
            direction={direction}
            rule={rule}
            at={at}
            errorsAt={errorsAt}
            onChange={(next) => put(at, next)}
            onRemove={() => setRules(rules.filter((_, i) => i !== at))}
          />
        ))}
      {isOn && (
        <button
          type="button"
          className="button button-small"
          onClick={() => setRules([...rules, { peers: [{ podSelector: {} }], ports: [] }])}
        >
          <Icon name="plus" />
          Add {list === 'ingress' ? 'an ingress' : 'an egress'} rule
        </button>
      )}
    </fieldset>
  );
}

interface RuleFieldsProps {
  readonly direction: DirectionFields;
  readonly rule: Rule;
  readonly at: number;
  readonly errorsAt: (path: string) => readonly string[];
  readonly onChange: (rule: Rule) => void;
  readonly onRemove: () => void;
}

function RuleFields({ direction, rule, at, errorsAt, onChange, onRemove }: RuleFieldsProps) {
  const { list, peers: peersField, anybody } = direction;
  const path = `spec.${list}[${at}]`;
  const { peers, ports } = rule;
  return (
    <fieldset className="policy-rule" aria-label={`${direction.type} rule ${at + 1}`}>
      <div className="policy-rule-head">
        <span className="policy-rule-name">Rule {at + 1}</span>
        <IconButton icon="trash" label={`Remove ${list} rule ${at + 1}`} onClick={onRemove} className="icon-small" />
      </div>
      {peers.length === 0 && <p className="quiet">{anybody}</p>}
      {peers.map((peer, i) => (
        <PeerFields
          // biome-ignore lint/suspicious/noArrayIndexKey: a peer has no name.
          key={i}
          label={peersField}
          isAlternative={i > 0}
          peer={peer}
          path={`${path}.${peersField}[${i}]`}
          errorsAt={errorsAt}
          onChange={(next) => onChange({ peers: peers.map((old, k) => (k === i ? next : old)), ports })}
          onRemove={() => onChange({ peers: peers.filter((_, k) => k !== i), ports })}
        />
      ))}
      <button
        type="button"
        className="link-button"
        onClick={() => onChange({ peers: [...peers, { podSelector: {} }], ports })}
      >
        {peers.length === 0 ? `Only ${peersField} …` : `Or ${peersField} …`}
      </button>
      <TextField
        label="Ports"
        value={ports}
        print={printPorts}
        parse={parsePorts}
        isMono
        placeholder="every port"
        errors={errorsAt(`${path}.ports`)}
        onChange={(next) => onChange({ peers, ports: next })}
      />
    </fieldset>
  );
}
