/** The words that a saved scenario is made of. Every string has a form and a length, every number a range. */
import * as v from 'valibot';
import { nameProblem } from '../wire/dns.ts';
import { parseCidr, parseIp } from '../wire/ip.ts';
import { LABELS_MAX, LINE_CHARS_MAX } from './limits.ts';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(?:\\.${LABEL})*`;
const QUALIFIED = '[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?';

const text = (maxChars: number, form: RegExp, what: string) =>
  v.pipe(
    v.string(`must be ${what}`),
    v.maxLength(maxChars, `must be at most ${maxChars} characters long`),
    v.regex(form, `must be ${what}`),
  );

export const integer = (min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
};

export const listOf = <Item extends v.GenericSchema>(item: Item, max: number) =>
  v.pipe(v.array(item, 'must be a list'), v.maxLength(max, `must have at most ${max} items`));

export const enumOf = <const Values extends readonly string[]>(values: Values) =>
  v.picklist(values, `must be one of ${values.join(', ')}`);

/** RFC 1123 label: namespaces, Services, nodes, externals. */
export const label = text(63, new RegExp(`^${LABEL}$`), 'a name of a-z, 0-9 and -');
/** RFC 1123 subdomain: workloads and pods. */
export const subdomain = text(253, new RegExp(`^${SUBDOMAIN}$`), 'a name of a-z, 0-9, - and .');
/** `namespace/name`. */
export const objectRef = text(317, new RegExp(`^${LABEL}/${SUBDOMAIN}$`), 'namespace/name');
/** `default/web`, or `Deployment default/web` where the kind matters. */
export const workloadRef = text(340, new RegExp(`^(?:[A-Z][A-Za-z]{0,20} )?${LABEL}/${SUBDOMAIN}$`), 'namespace/name');
/** `NetworkPolicy shop/deny`, `ClusterNetworkPolicy guard`. */
export const policyRef = text(
  300,
  new RegExp(`^[A-Z][A-Za-z]{0,40} (?:${LABEL}/)?${SUBDOMAIN}$`),
  'kind namespace/name',
);
/** A network namespace: `node-1`, `default/web-1`, `underlay`. */
export const nsId = text(317, new RegExp(`^(?:${LABEL}/)?${SUBDOMAIN}$`), 'a network namespace');
/** IFNAMSIZ, less its closing zero. */
export const device = text(15, /^[!-.0-~]+$/, 'the name of a network device');
export const line = text(LINE_CHARS_MAX, /^[ -~]+$/, 'one printed line');
/** `nat`; that of ip6tables is `ip6 nat`. */
export const tableName = text(32, /^(ip6 )?[a-z0-9_-]+$/, 'the name of a table');
/** `ip kube-proxy`. */
export const nftTable = text(263, /^(ip6?|inet) [\w./-]+$/, 'the name of an nftables table');
/** NFT_NAME_MAXLEN, less its closing zero. */
export const nftName = text(255, /^[\w./-]+$/, 'the name of an nftables chain or set');
/** IPSET_MAXNAMELEN, less its closing zero. */
export const setName = text(31, /^[!-~]+$/, 'the name of an ipset');
export const sysctlKey = text(128, /^[A-Za-z0-9_./-]+$/, 'the name of a sysctl');
export const driverId = text(32, /^[a-z0-9][a-z0-9-]*$/, 'the name of a driver');
export const modeId = text(32, /^[a-z0-9-]*$/, 'the name of a mode');
/** IANA_SVC_NAME. */
export const portName = text(15, /^[a-z0-9-]*[a-z][a-z0-9-]*$/, 'the name of a port');
/** A label's value; empty: none. */
export const zoneName = text(63, new RegExp(`^(?:${QUALIFIED})?$`), 'the name of a zone');
/** `service.k8s.aws/nlb`: a label's key. */
export const className = text(317, new RegExp(`^(?:${SUBDOMAIN}/)?${QUALIFIED}$`), 'the name of a class');
/** The page's own word for how it is arranged. */
export const viewName = text(40, /^[a-z0-9][a-z0-9./-]*$/, 'the name of a view');
export const portNumber = integer(1, 65_535);

export const ipText = v.pipe(
  v.string('must be an IP address'),
  v.maxLength(45, 'must be an IP address'),
  v.check((given) => parseIp(given).ok, 'must be an IP address'),
);

/** What a resolver can be asked for. */
export const hostName = v.pipe(
  v.string('must be a name'),
  v.maxLength(254, 'must be a name'),
  v.check((given) => nameProblem(given) === null, 'must be a name that can be looked up'),
);

export const cidrText = v.pipe(
  v.string('must be a network such as 10.0.0.0/8'),
  v.maxLength(49, 'must be a network such as 10.0.0.0/8'),
  v.check((given) => given.includes('/') && parseCidr(given).ok, 'must be a network such as 10.0.0.0/8'),
);

/** `10.244.1.2:8080`, `[fd00::1]:8080`. */
export const endpointText = v.pipe(
  v.string('must be ip:port'),
  v.maxLength(53, 'must be ip:port'),
  v.check(isEndpoint, 'must be ip:port'),
);

function isEndpoint(given: string): boolean {
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(given) ?? [];
  return parseIp(six ?? four ?? '').ok && Number(port) >= 1 && Number(port) <= 65_535;
}

const labelKey = new RegExp(`^(?:${SUBDOMAIN}/)?${QUALIFIED}$`);
const labelValue = new RegExp(`^(?:${QUALIFIED})?$`);

/**
 * Labels and selectors. Not `v.record`, which drops keys such as `constructor` without a word; copied by entries, so that no key can
 * reach a prototype.
 */
const labelsWhere = (isOne: (label: readonly [string, unknown]) => boolean) =>
  v.pipe(
    v.custom<Readonly<Record<string, string>>>(isPlainObject, 'must be a set of labels'),
    v.check((given) => Object.keys(given).length <= LABELS_MAX, `must have at most ${LABELS_MAX} labels`),
    v.check((given) => Object.entries(given).every(isOne), 'must be labels as Kubernetes allows them'),
    v.transform((given): Readonly<Record<string, string>> => Object.fromEntries(Object.entries(given))),
  );

export const labels = labelsWhere(isLabel);
/** Cilium's: the source of a label may stand before it (`k8s:app`). */
export const sourcedLabels = labelsWhere(([key, value]) => isLabel([key.replace(/^[a-z0-9]+:/, ''), value]));

function isPlainObject(given: unknown): boolean {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

function isLabel([key, value]: readonly [string, unknown]): boolean {
  return (
    key.length <= 317 && labelKey.test(key) && typeof value === 'string' && value.length <= 63 && labelValue.test(value)
  );
}
