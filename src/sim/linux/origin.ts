/**
 * Who wrote a kernel object, for what, and why. Opaque to `linux/`: it only carries the value to the trace, so that every
 * step can point at the program and the Kubernetes object behind it.
 */
export interface Origin {
  /** The writer as people name it: `kube-proxy`, `flanneld`, `bridge (CNI plugin)`, `kubelet`, `kernel`, `administrator`, `you`. */
  readonly by: string;
  /** The object it was written for: `Service default/web`, `Pod default/web-1`, `Node node-2`. */
  readonly for?: string;
  /** One clause of why, without a full stop. */
  readonly why?: string;
  /** Here the object has its say on a packet that comes so far: a policy's rule that fits, or the end of all its rules. */
  readonly decides?: 'allows' | 'denies';
  /** Without `for`: it stands for whatever selects the pod that gets the packet, or the pod that sent it. */
  readonly side?: 'ingress' | 'egress';
  /** Injected by the person as a fault. */
  readonly fault?: true;
}
