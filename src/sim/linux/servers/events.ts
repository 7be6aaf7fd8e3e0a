/** What is told of names: by a program's resolver library before a query and after an answer, and by a name server between both. */
import type { DnsMessage, DnsQuestion, DnsType } from '../../wire/dns.ts';
import type { Ip } from '../../wire/ip.ts';

export type NameEvent =
  /** The resolver sends its questions about one absolute name to one server. */
  | {
      readonly kind: 'name-query';
      /** As the program asked for it. */
      readonly name: string;
      readonly query: string;
      readonly types: readonly DnsType[];
      readonly server: Ip;
      /** Which of the names that the search list makes of it, from 1; and how many there are. */
      readonly candidate: number;
      readonly candidates: number;
      /** 1 for the first time. */
      readonly attempt: number;
      /** Only one question is under way at a time. */
      readonly oneByOne?: true;
    }
  /** All answers about that name are there. */
  | {
      readonly kind: 'name-answer';
      readonly query: string;
      readonly messages: readonly DnsMessage[];
    }
  /** The server did not answer. */
  | {
      readonly kind: 'name-silence';
      readonly query: string;
      readonly server: Ip;
      readonly waitedMs: number;
      /** An ICMP error or the failing call, instead of silence. */
      readonly errno?: string;
      /** Questions that were answered, where the others were not. */
      readonly heard?: readonly DnsType[];
    }
  /** The resolver tells the program. */
  | {
      readonly kind: 'name-result';
      readonly name: string;
      readonly addresses: readonly Ip[];
      /** Of getaddrinfo(3); null: there are addresses. */
      readonly error: NameError | null;
    }
  /** A name server did something with a question; `part` is the plugin of CoreDNS. */
  | {
      readonly kind: 'name-server';
      readonly program: string;
      readonly part: string;
      readonly question: DnsQuestion;
      readonly what: string;
    };

/** getaddrinfo(3): no such name; no address of it; try again; the server refuses. */
export type NameError = 'EAI_NONAME' | 'EAI_NODATA' | 'EAI_AGAIN' | 'EAI_FAIL';
