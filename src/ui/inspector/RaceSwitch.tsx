import { useApp, useSession } from '../app-model.ts';

/** The five-second delay: on the pod that sends, and only where a name is looked up by a program that asks both questions at once. */
export function RaceSwitch({ pod }: { readonly pod: string }) {
  const { document } = useApp();
  const probe = useSession(({ state }) => state.probe);
  const isNamed = useSession(({ trace }) => trace?.lookup != null);
  if (probe === null || probe.from.ref !== pod || !isNamed) return null;
  const { race, ...dns } = probe.options?.dns ?? {};
  const isOn = race === true;
  const toggle = (): void => {
    const options = { ...probe.options, dns: isOn ? dns : { ...dns, race: true as const } };
    document.apply({ type: 'ProbeSet', probe: { ...probe, options } });
  };
  return (
    <label
      className="check"
      title="Kernels before 5.6: the second question of one socket can be lost in connection tracking"
    >
      <input type="checkbox" checked={isOn} onChange={toggle} />A and AAAA meet on two CPUs
    </label>
  );
}
