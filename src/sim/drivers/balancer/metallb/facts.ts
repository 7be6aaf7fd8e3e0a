/** Names and numbers of MetalLB, v0.15. Where each is from is said in the README. */
import { cidr } from '../../../wire/ip.ts';

export const CONTROLLER = 'metallb-controller';
export const SPEAKER = 'speaker';
/** The name of the machine's network card, which it answers on. */
export const NIC = 'eth0';

/** SIMPLIFIED: a documentation range (RFC 5737) stands for what a site would route to its cluster. */
export const BGP_POOL = cidr('192.0.2.0/24');
/** From the end of the node network: its last addresses but a few. */
export const L2_POOL_SIZE = 19;
export const L2_POOL_END = 6;

/** Speakers find each other by memberlist; the port is TCP and UDP. */
export const MEMBERLIST_PORT = 7946;
export const METRICS_PORT = 7472;
/** What FRR gives to routes that it learned by BGP. */
export const BGP_METRIC = 20;
