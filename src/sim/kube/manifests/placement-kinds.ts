/** Every field of affinity and tolerations (Kubernetes 1.34). */
import { SELECTOR } from './policy-kinds.ts';
import { INT, list, STRING, type Struct, struct, word } from './shape.ts';

const NODE_REQUIREMENT = struct('NodeSelectorRequirement', {
  kept: { key: STRING, operator: word('NodeSelectorOperator'), values: list(STRING) },
});
const NODE_TERM = struct('NodeSelectorTerm', {
  kept: { matchExpressions: list(NODE_REQUIREMENT), matchFields: list(NODE_REQUIREMENT) },
});
const POD_TERM = struct('PodAffinityTerm', {
  kept: {
    labelSelector: SELECTOR,
    namespaceSelector: SELECTOR,
    namespaces: list(STRING),
    topologyKey: STRING,
    matchLabelKeys: list(STRING),
    mismatchLabelKeys: list(STRING),
  },
});

const podAffinity = (go: string): Struct =>
  struct(go, {
    kept: {
      requiredDuringSchedulingIgnoredDuringExecution: list(POD_TERM),
      preferredDuringSchedulingIgnoredDuringExecution: list(
        struct('WeightedPodAffinityTerm', { kept: { weight: INT, podAffinityTerm: POD_TERM } }),
      ),
    },
  });

export const AFFINITY_SHAPE: Struct = struct('Affinity', {
  kept: {
    nodeAffinity: struct('NodeAffinity', {
      kept: {
        requiredDuringSchedulingIgnoredDuringExecution: struct('NodeSelector', {
          kept: { nodeSelectorTerms: list(NODE_TERM) },
        }),
        preferredDuringSchedulingIgnoredDuringExecution: list(
          struct('PreferredSchedulingTerm', { kept: { weight: INT, preference: NODE_TERM } }),
        ),
      },
    }),
    podAffinity: podAffinity('PodAffinity'),
    podAntiAffinity: podAffinity('PodAntiAffinity'),
  },
});

export const TOLERATION: Struct = struct('Toleration', {
  kept: {
    key: STRING,
    operator: word('TolerationOperator'),
    value: STRING,
    effect: word('TaintEffect'),
    tolerationSeconds: { type: 'int32', go: 'int64' },
  },
});
