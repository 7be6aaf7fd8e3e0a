import type { HeaderLayer } from '../../sim/engine/explain/explanation.ts';
import { Icon } from '../parts/Icon.tsx';

/** The headers as envelopes: what a tunnel put around the packet is drawn around it. */
export function HeaderStack({ headers }: { readonly headers: readonly HeaderLayer[] }) {
  const tunnel = headers.findIndex((layer) => layer.title.startsWith('VXLAN'));
  const inner = headers.slice(tunnel + 1);
  if (tunnel < 0) return <Envelope layers={inner} label={null} />;
  return (
    <div className="envelope envelope-outer">
      <div className="envelope-label">Outer packet</div>
      {headers.slice(0, tunnel + 1).map((layer) => (
        <Layer key={layer.title} layer={layer} />
      ))}
      <Envelope layers={inner} label="Inner packet" />
    </div>
  );
}

function Envelope({ layers, label }: { readonly layers: readonly HeaderLayer[]; readonly label: string | null }) {
  return (
    <div className="envelope">
      {label !== null && <div className="envelope-label">{label}</div>}
      {layers.map((layer) => (
        <Layer key={layer.title} layer={layer} />
      ))}
    </div>
  );
}

function Layer({ layer }: { readonly layer: HeaderLayer }) {
  return (
    <div className="layer">
      <h4>{layer.title}</h4>
      <dl>
        {layer.fields.map((field) => (
          <div key={field.name} className={field.before === undefined ? 'field' : 'field field-changed'}>
            <dt>{field.name}</dt>
            <dd>
              {field.before !== undefined && (
                <>
                  <del>{field.before}</del>
                  <Icon name="arrow" size={12} />
                  <span className="visually-hidden">became</span>
                </>
              )}
              <span>{field.value}</span>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
