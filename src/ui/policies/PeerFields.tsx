import { ok } from '../../sim/base/result.ts';
import type { NetworkPolicyPeer } from '../../sim/kube/policy-objects.ts';
import { IconButton } from '../parts/IconButton.tsx';
import { parseSelector, printSelector } from './selector-text.ts';
import { TextField } from './TextField.tsx';

interface PeerFieldsProps {
  /** `from` or `to`. */
  readonly label: string;
  /** It is not the first of its list: any one of them is enough. */
  readonly isAlternative: boolean;
  readonly peer: NetworkPolicyPeer;
  readonly path: string;
  readonly errorsAt: (path: string) => readonly string[];
  readonly onChange: (peer: NetworkPolicyPeer) => void;
  readonly onRemove: () => void;
}

type Kind = 'pods' | 'namespaces' | 'both' | 'block';

const KINDS: readonly (readonly [kind: Kind, label: string])[] = [
  ['pods', 'pods of this namespace'],
  ['namespaces', 'all pods of namespaces'],
  ['both', 'pods of namespaces'],
  ['block', 'addresses'],
];

function kindOf({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer): Kind {
  if (ipBlock) return 'block';
  if (namespaceSelector === undefined) return 'pods';
  return podSelector === undefined ? 'namespaces' : 'both';
}

/** What was written for one kind is kept where the next one has a place for it. */
function asKind(kind: Kind, { podSelector = {}, namespaceSelector = {} }: NetworkPolicyPeer): NetworkPolicyPeer {
  if (kind === 'block') return { ipBlock: { cidr: '0.0.0.0/0' } };
  if (kind === 'pods') return { podSelector };
  return kind === 'namespaces' ? { namespaceSelector } : { namespaceSelector, podSelector };
}

/** One peer of a rule. Both selectors in one peer must hold; two peers are alternatives. */
export function PeerFields({ label, isAlternative, peer, path, errorsAt, onChange, onRemove }: PeerFieldsProps) {
  const kind = kindOf(peer);
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const own = errorsAt(path).filter((text) => text.startsWith(`${path}:`));
  return (
    <div className="policy-peer">
      <div className="policy-peer-head">
        <span className="policy-peer-word">{isAlternative ? `or ${label}` : label}</span>
        <select
          aria-label={`Kind of peer in ${path}`}
          value={kind}
          onChange={({ target }) => onChange(asKind(target.value as Kind, peer))}
        >
          {KINDS.map(([id, text]) => (
            <option key={id} value={id}>
              {text}
            </option>
          ))}
        </select>
        <IconButton icon="close" label={`Remove ${path}`} onClick={onRemove} className="icon-small" />
      </div>
      {ipBlock && <BlockFields block={ipBlock} path={path} errorsAt={errorsAt} onChange={onChange} />}
      {namespaceSelector && (
        <TextField
          label="Namespaces with"
          value={namespaceSelector}
          print={printSelector}
          parse={parseSelector}
          isMono
          placeholder="every namespace"
          errors={errorsAt(`${path}.namespaceSelector`)}
          onChange={(next) => onChange({ ...peer, namespaceSelector: next })}
        />
      )}
      {podSelector && (
        <TextField
          label={namespaceSelector ? 'and pods with' : 'Pods with'}
          value={podSelector}
          print={printSelector}
          parse={parseSelector}
          isMono
          placeholder="every pod"
          errors={errorsAt(`${path}.podSelector`)}
          onChange={(next) => onChange({ ...peer, podSelector: next })}
        />
      )}
      {own.length > 0 && <p className="policy-told policy-wrong">{own.join(' ')}</p>}
    </div>
  );
}

const plain = (text: string): string => text;
const asIs = (text: string) => ok(text.trim());
const printList = (list: readonly string[]): string => list.join(', ');
const parseList = (text: string) =>
  ok(
    text
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  );

interface BlockFieldsProps extends Pick<PeerFieldsProps, 'path' | 'errorsAt' | 'onChange'> {
  readonly block: NonNullable<NetworkPolicyPeer['ipBlock']>;
}

function BlockFields({ block, path, errorsAt, onChange }: BlockFieldsProps) {
  const { cidr, except = [] } = block;
  return (
    <div className="policy-row">
      <TextField
        label="Network"
        value={cidr}
        print={plain}
        parse={asIs}
        isMono
        errors={errorsAt(`${path}.ipBlock.cidr`)}
        onChange={(next) => onChange({ ipBlock: { ...block, cidr: next } })}
      />
      <TextField
        label="except"
        value={except}
        print={printList}
        parse={parseList}
        isMono
        placeholder="nothing"
        errors={errorsAt(`${path}.ipBlock.except`)}
        onChange={(next) => onChange({ ipBlock: next.length === 0 ? { cidr } : { cidr, except: next } })}
      />
    </div>
  );
}
