/** Names and numbers of clouds' load balancers. Where each is from is said in the README. */
import { cidr } from '../../../wire/ip.ts';

/** SIMPLIFIED: a documentation range (RFC 5737) stands for a cloud's public addresses. */
export const POOL = cidr('192.0.2.0/24');
export const MACHINE = 'balancer';
export const CONTROLLER = 'cloud-controller-manager';
export const BALANCER = 'load balancer';

/** kube-proxy's own health, which says `nodeEligible` too. */
export const PROXY_HEALTH_PORT = 10_256;
export const HEALTH_PATH = '/healthz';
/** cloud-provider-gcp `gceHcTimeoutSeconds`. */
export const HEALTH_WAIT_MS = 1_000;
