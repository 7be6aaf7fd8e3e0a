/**
 * What deflate may refer to before the first byte of a link: likely words, the likeliest last. NEVER EDIT: every published link that
 * starts with `#1.` is read with exactly these bytes. A better dictionary is another file and another codec.
 */
export const DICTIONARY_1 = [
  // Deleted rules, routes, neighbours and FDB entries, as the tools print them.
  '-A KUBE-FIREWALL -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP"RELATED,ESTABLISHED -j ACCEPT"-A cali-FORWARD ',
  '-A POSTROUTING -m comment --comment \\"kubernetes postrouting rules\\" -j KUBE-POSTROUTING"-j MASQUERADE --random-fully"',
  '-A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.0.0/16 -m comment --comment \\"flanneld masq\\" -j RETURN"-A FLANNEL-FWD ',
  '-A KUBE-NODEPORTS -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-"-j KUBE-EXT-"-j KUBE-MARK-MASQ"',
  '-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment \\"kube-system/kube-dns:dns cluster IP\\" -m udp --dport 53 -j KUBE-SVC-',
  '"filter","nat","mangle","raw","default via 192.168.56.1 dev eth0","10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink",',
  '"10.244.2.0 dev flannel.1 lladdr PERMANENT","dst 192.168.56.12 self permanent","blackhole 10.244.0.0/26 proto bird"',
  'net.bridge.bridge-nf-call-iptables","net.ipv4.conf.all.rp_filter","net.ipv4.ip_forward",',
  // Policies.
  '"default-deny","allow-dns","allow-","deny-all","ipBlock":{"cidr":"10.0.0.0/8","except":["endPort":"policyTypes":["Ingress","Egress"],"matchExpressions":[{"key":"operator":"NotIn","DoesNotExist","Exists","In","values":["',
  '"egress":[{"to":[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"kube-system"}}}],"ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"","ports":[{"protocol":"TCP","port":80}]',
  // Sizes, drivers and modes.
  '[3,1500,"10.244.0.0/16",24,"10.96.0.0/12","192.168.56.0/24"],"192.168.0.0/16","10.42.0.0/16","172.16.0.0/12","10.43.0.0/16","10.0.0.0/8",1450,9000',
  ',"vxlan-crosssubnet","ipip-crosssubnet","wireguard","geneve","kindnet/ptp","weave/sleeve","antrea/encap","kube-router/bgp","canal/vxlan"',
  ',"cilium/native","cilium/vxlan","calico/ebpf","calico/bgp","calico/vxlan","calico/ipip","flannel/host-gw","flannel/vxlan"',
  ',"none/none","cilium/kpr","kube-proxy/ipvs","kube-proxy/nftables","kube-proxy/iptables"',
  // Devices.
  '[[2,"node-3","cilium_host"]],"tunl0"]],"vxlan.calico"]],"eth0"]],"docker0"]],"flannel.1"]],[[2,"node-2","cni0"]],[[8,"node-2",',
  // Names of workloads and ports.
  ',{"team":"","tier":"","version":"v1","role":"","environment":"","component":"","app.kubernetes.io/name","app.kubernetes.io/instance","k8s-app","track","stable","canary","v1","v2"',
  'service","productcatalogservice","recommendationservice","checkoutservice","shippingservice","currencyservice","paymentservice","emailservice","cartservice","adservice","loadgenerator","frontend-external","redis-cart"',
  '"catalogue","payment","shipping","inventory","notifications","reviews","ratings","details","productpage","auth","cart","checkout","orders","users","search","worker","queue","cache","session","gateway","ingress-nginx","controller","prometheus","grafana","loki","node-exporter","agent","curl","debug","netshoot","busybox","nginx","httpbin","echo","server"',
  ',"metrics:9090","postgres:5432","mysql:3306","redis:6379","mongo:27017","kafka:9092","amqp:5672","memcached:11211","tcp:9000","https:443>8443","https:8443","dns:53/u","dns-tcp:53","grpc:50051","grpc:5000","grpc:9090","grpc:8080","web:80","web:3000","http:3000","http:5000","http:8000","http:9090","http:80"',
  '[7,"production"],"production",[7,"staging"],"staging",[7,"monitoring"],"monitoring",[7,"tools"],"tools",[7,"team-a"],"team-a",[7,"team-b"],"team-b",[7,"dev"],"dev",[7,"prod"],"prod",[7,"shop"],"shop",[7,"kube-system"],"kube-system",["coredns",2,["dns:53/u","dns-tcp:53"],{"l":{"k8s-app":"kube-dns"}}],[6,"kube-dns",',
  '[3,"agent"],[4,"[5,"job"],[2,"db",3,"postgres:5432"],["frontend",3,"http:8080"],["backend",2,"http:8080"],',
  ',[],{"c":[["app","http:8080"],["istio-proxy","{"n":"node-3","r":0}],"n":"node-2"}],{"s":{"app":"},"s":0,"i":"10.96.0.100","a":"ClientIP","t":"o":["203.0.113.10"],"r":["p":true,"x":"example.com",',
  ',"http:80>http@30443",1],"http:80>8080",2,{"e":"Local"}],"n":"Local","i":"None"}],"http:80>8080"],[6,"frontend","http:80>http"],',
  // Probes, from the end to the start as they stand in a link.
  ',"udp",{"handshakeOnly":true,"waitMs":"sizeBytes":1472,"df":"do"},"src":"ttl":64,"endpoint":"10.244.2.2:8080"}],"nnode-2",0,"traceroute"],"pdefault/web-"c10.96.0.1","edefault/"eclient","einternet","i8.8.8.8",0,"ping"],',
  '],["pkube-system/coredns-"skube-system/kube-dns",53,"udp"],["pshop/"sshop/frontend",8080],"rules","yaml","matrix","terminal","lessons","timeline","present","embed"',
  // The first visit's cluster, and how every link begins.
  '[1,[[7,"default"],["web",3,"http:8080"],[6,"web","http:80>8080@30080",1],["api",2,"http:8080"],[6,"api","http:80>http@30081",1,{"e":"Local"}],[1,"toolbox",1,[],{"n":"node-1"}]],["pdefault/toolbox","sdefault/web"],',
].join('');
