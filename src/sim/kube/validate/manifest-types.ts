/** Manifests after their shape was checked: what stands in a field is of the field's type, but may be anything of that type. */

export interface MetaManifest {
  readonly name?: string | undefined;
  readonly generateName?: string | undefined;
  readonly namespace?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export interface ServiceManifest {
  readonly metadata?: MetaManifest | undefined;
  readonly spec?: ServiceSpec | undefined;
}

export interface ServiceSpec {
  readonly type?: string | undefined;
  readonly clusterIP?: string | undefined;
  readonly clusterIPs?: readonly string[] | undefined;
  readonly ipFamilies?: readonly string[] | undefined;
  readonly ipFamilyPolicy?: string | undefined;
  readonly externalName?: string | undefined;
  readonly selector?: Readonly<Record<string, string>> | undefined;
  readonly ports?: readonly ServicePort[] | undefined;
  readonly externalTrafficPolicy?: string | undefined;
  readonly internalTrafficPolicy?: string | undefined;
  readonly sessionAffinity?: string | undefined;
  readonly sessionAffinityConfig?:
    | { readonly clientIP?: { readonly timeoutSeconds?: number | undefined } | undefined }
    | undefined;
  readonly externalIPs?: readonly string[] | undefined;
  readonly loadBalancerSourceRanges?: readonly string[] | undefined;
  readonly allocateLoadBalancerNodePorts?: boolean | undefined;
  readonly loadBalancerClass?: string | undefined;
  readonly loadBalancerIP?: string | undefined;
  readonly publishNotReadyAddresses?: boolean | undefined;
  readonly healthCheckNodePort?: number | undefined;
  readonly trafficDistribution?: string | undefined;
}

export interface ServicePort {
  readonly name?: string | undefined;
  readonly protocol?: string | undefined;
  readonly port?: number | undefined;
  readonly targetPort?: number | string | undefined;
  readonly nodePort?: number | undefined;
  readonly appProtocol?: string | undefined;
}

export interface PodManifest {
  readonly metadata?: MetaManifest | undefined;
  readonly spec?: PodSpec | undefined;
}

export interface PodSpec {
  readonly containers?: readonly Container[] | undefined;
  readonly initContainers?: readonly Container[] | undefined;
  readonly hostNetwork?: boolean | undefined;
  readonly nodeName?: string | undefined;
  readonly restartPolicy?: string | undefined;
  readonly dnsPolicy?: string | undefined;
  readonly dnsConfig?: DnsConfigManifest | undefined;
  readonly hostname?: string | undefined;
  readonly subdomain?: string | undefined;
  readonly affinity?: AffinityManifest | undefined;
  readonly tolerations?: readonly TolerationManifest[] | undefined;
  readonly volumes?: readonly VolumeManifest[] | undefined;
  readonly securityContext?: SecurityContext | undefined;
}

export interface SecurityContext {
  readonly seccompProfile?: SeccompProfile | undefined;
}

export interface SeccompProfile {
  readonly type?: string | undefined;
  readonly localhostProfile?: string | undefined;
}

export interface DnsConfigManifest {
  readonly nameservers?: readonly string[] | undefined;
  readonly searches?: readonly string[] | undefined;
  readonly options?: readonly { readonly name?: string | undefined; readonly value?: string | undefined }[] | undefined;
}

export interface AffinityManifest {
  readonly nodeAffinity?:
    | {
        readonly requiredDuringSchedulingIgnoredDuringExecution?:
          | { readonly nodeSelectorTerms?: readonly NodeSelectorTerm[] | undefined }
          | undefined;
        readonly preferredDuringSchedulingIgnoredDuringExecution?:
          | readonly { readonly weight?: number | undefined; readonly preference?: NodeSelectorTerm | undefined }[]
          | undefined;
      }
    | undefined;
  readonly podAffinity?: PodAffinityManifest | undefined;
  readonly podAntiAffinity?: PodAffinityManifest | undefined;
}

export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly SelectorRequirement[] | undefined;
  readonly matchFields?: readonly SelectorRequirement[] | undefined;
}

export interface PodAffinityManifest {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[] | undefined;
  readonly preferredDuringSchedulingIgnoredDuringExecution?:
    | readonly { readonly weight?: number | undefined; readonly podAffinityTerm?: PodAffinityTerm | undefined }[]
    | undefined;
}

export interface PodAffinityTerm {
  readonly labelSelector?: LabelSelector | undefined;
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly namespaces?: readonly string[] | undefined;
  readonly topologyKey?: string | undefined;
}

export interface TolerationManifest {
  readonly key?: string | undefined;
  readonly operator?: string | undefined;
  readonly value?: string | undefined;
  readonly effect?: string | undefined;
  readonly tolerationSeconds?: number | undefined;
}

export interface VolumeManifest {
  readonly name?: string | undefined;
  readonly ephemeral?: object | undefined;
  readonly persistentVolumeClaim?: { readonly claimName?: string | undefined } | undefined;
}

export interface ResourcesManifest {
  readonly limits?: Readonly<Record<string, string | number>> | undefined;
  readonly requests?: Readonly<Record<string, string | number>> | undefined;
}

export interface Container {
  readonly name?: string | undefined;
  readonly restartPolicy?: string | undefined;
  readonly image?: string | undefined;
  readonly imagePullPolicy?: string | undefined;
  readonly terminationMessagePolicy?: string | undefined;
  readonly ports?: readonly ContainerPort[] | undefined;
  readonly resources?: ResourcesManifest | undefined;
  readonly securityContext?: SecurityContext | undefined;
}

export interface ContainerPort {
  readonly name?: string | undefined;
  readonly containerPort?: number | undefined;
  readonly hostIP?: string | undefined;
  readonly hostPort?: number | undefined;
  readonly protocol?: string | undefined;
}

/** Deployment, StatefulSet, DaemonSet, ReplicaSet, Job. */
export interface ControllerManifest {
  readonly metadata?: MetaManifest | undefined;
  readonly spec?: ControllerSpec | undefined;
}

export interface ControllerSpec {
  readonly replicas?: number | undefined;
  /** Of a StatefulSet. */
  readonly serviceName?: string | undefined;
  readonly parallelism?: number | undefined;
  readonly completions?: number | undefined;
  readonly selector?: LabelSelector | undefined;
  readonly template?: PodManifest | undefined;
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?: readonly SelectorRequirement[] | undefined;
}

export interface SelectorRequirement {
  readonly key?: string | undefined;
  readonly operator?: string | undefined;
  readonly values?: readonly string[] | undefined;
}
