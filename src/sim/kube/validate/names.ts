/** Formats of names, labels and ports, each with its messages (k8s.io/apimachinery/pkg/util/validation/validation.go). */

/** Every reason why a text is not of the format; none when it is. */
export type Format = (text: string) => readonly string[];

interface Pattern {
  readonly says: string;
  readonly regex: string;
  readonly examples: readonly string[];
  readonly lengthMax?: number;
}

function format({ says, regex, examples, lengthMax }: Pattern): Format {
  const whole = new RegExp(`^(?:${regex})$`);
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  const message = `${says} (e.g. ${shown}regex used for validation is '${regex}')`;
  return (text) => [
    ...(lengthMax !== undefined && text.length > lengthMax ? [tooLong(lengthMax)] : []),
    ...(whole.test(text) ? [] : [message]),
  ];
}

const tooLong = (lengthMax: number): string => `must be no more than ${lengthMax} characters`;

const LABEL_1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const QUALIFIED_SAYS =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

export const dnsLabel: Format = format({
  says: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  regex: LABEL_1123,
  examples: ['my-name', '123-abc'],
  lengthMax: 63,
});

export const dnsSubdomain: Format = format({
  says: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  regex: `${LABEL_1123}(\\.${LABEL_1123})*`,
  examples: ['example.com'],
  lengthMax: 253,
});

/** `*.example.com`. */
export const wildcardDomain: Format = format({
  says: "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  regex: `\\*\\.${LABEL_1123}(\\.${LABEL_1123})*`,
  examples: ['*.example.com'],
  lengthMax: 253,
});

/** Names of Services: they become DNS names and, once, environment variables. */
export const dns1035Label: Format = format({
  says: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  regex: '[a-z]([-a-z0-9]*[a-z0-9])?',
  examples: ['my-name', 'abc-123'],
  lengthMax: 63,
});

export const labelValue: Format = format({
  says: "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  regex: `(${QUALIFIED})?`,
  examples: ['MyValue', 'my_value', '12345'],
  lengthMax: 63,
});

const namePart = format({
  says: QUALIFIED_SAYS,
  regex: QUALIFIED,
  examples: ['MyName', 'my.name', '123-abc'],
  lengthMax: 63,
});

/** `example.com/name` or `name`: keys of labels. */
export const qualifiedName: Format = (text) => {
  const parts = text.split('/');
  if (parts.length > 2) {
    const [message = ''] = namePart('');
    return [`a qualified name ${message} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  const prefixErrors = prefix === '' ? ['must be non-empty'] : prefix === undefined ? [] : dnsSubdomain(prefix);
  return [
    ...prefixErrors.map((error) => `prefix part ${error}`),
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...namePart(name).map((error) => `name part ${error}`),
  ];
};

const PORT_NAME_LENGTH_MAX = 15;

/** RFC 6335, as IsValidPortName checks it. */
export const portName: Format = (text) => [
  ...(text.length > PORT_NAME_LENGTH_MAX ? [tooLong(PORT_NAME_LENGTH_MAX)] : []),
  ...(/^[-a-z0-9]+$/.test(text) ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
  ...(/[a-z]/.test(text) ? [] : ['must contain at least one letter (a-z)']),
  ...(text.includes('--') ? ['must not contain consecutive hyphens'] : []),
  ...(/^-|-$/.test(text) ? ['must not begin or end with a hyphen'] : []),
];

export const portNumber = (port: number): readonly string[] =>
  port >= 1 && port <= 65535 ? [] : ['must be between 1 and 65535, inclusive'];
