import { useState } from 'react';
import type { HeaderField, HeaderLayer } from '../../sim/engine/explain/explanation.ts';
import { Icon } from '../parts/Icon.tsx';

/** Fields that matter only now and then: shown when they change, or when all are asked for. */
const MINOR: ReadonlySet<string> = new Set(['length', 'fragments', 'checksum', 'MSS', 'identification', 'sequence']);

const SHORT: Readonly<Record<string, string>> = {
  source: 'src',
  destination: 'dst',
  'source port': 'src port',
  'destination port': 'dst port',
};

/** The headers as envelopes: what a tunnel put around the packet is drawn around it. */
export function HeaderStack({ headers }: { readonly headers: readonly HeaderLayer[] }) {
  const [isFull, setFull] = useState(false);
  const tunnel = headers.findIndex(({ wraps }) => wraps);
  const inner = headers.slice(tunnel + 1);
  return (
    <section>
      <h3 className="section-title">
        Packet
        <label className="toggle quiet">
          <input type="checkbox" checked={isFull} onChange={(event) => setFull(event.target.checked)} />
          all fields
        </label>
      </h3>
      {tunnel < 0 ? (
        <Envelope layers={inner} label={null} isFull={isFull} />
      ) : (
        <div className="envelope envelope-outer">
          <div className="envelope-label">Outer packet</div>
          {headers.slice(0, tunnel + 1).map((layer) => (
            <Layer key={layer.title} layer={layer} isFull={isFull} />
          ))}
          <Envelope layers={inner} label="Inner packet" isFull={isFull} />
        </div>
      )}
    </section>
  );
}

interface EnvelopeProps {
  readonly layers: readonly HeaderLayer[];
  readonly label: string | null;
  readonly isFull: boolean;
}

function Envelope({ layers, label, isFull }: EnvelopeProps) {
  return (
    <div className="envelope">
      {label !== null && <div className="envelope-label">{label}</div>}
      {layers.map((layer) => (
        <Layer key={layer.title} layer={layer} isFull={isFull} />
      ))}
    </div>
  );
}

function Layer({ layer, isFull }: { readonly layer: HeaderLayer; readonly isFull: boolean }) {
  const fields = layer.fields.filter(({ name, before }) => isFull || before !== undefined || !MINOR.has(name));
  return (
    <div className="layer">
      <h4>{layer.title}</h4>
      <dl>
        {fields.map((field) => (
          <Field key={field.name} field={field} />
        ))}
      </dl>
    </div>
  );
}

function Field({ field: { name, value, before } }: { readonly field: HeaderField }) {
  return (
    <div className={before === undefined ? 'field' : 'field field-changed'}>
      <dt title={name}>{SHORT[name] ?? name}</dt>
      <dd>
        {before === undefined ? (
          value
        ) : (
          <>
            <del>{before}</del>
            <span className="became">
              <Icon name="arrow" size={12} />
              <span className="visually-hidden">became</span>
              <strong>{value}</strong>
            </span>
          </>
        )}
      </dd>
    </div>
  );
}
