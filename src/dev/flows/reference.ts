/** The cluster of most flow tests: a Service of every kind that matters, endpoints here and elsewhere. */
export const CLUSTER = `
node-1: web-1 tcp 8080, tool-1
node-2: web-2 tcp 8080, tool-2, dns udp 5353
node-3: web-3 tcp 8080
service web 10.96.0.10:80 node-port 30080 -> web-1:8080, web-2:8080, web-3:8080
service api 10.96.0.20:80 node-port 30081 local -> web-2:8080
service solo 10.96.0.30:80 node-port 30082 -> web-1:8080
service empty 10.96.0.40:80 node-port 30083 ->
service names 10.96.0.53:53 udp node-port 30053 -> dns:5353
`;
