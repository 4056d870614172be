// Places in devices, queues, traffic control, bridges and tunnels.
import type { Place } from "./explanation.js";

/** Each function is in one row only. */
export const DEVICE_PLACES: readonly Place[] = [
  {
    functions: [
      "kfree_skb_list",
      "kfree_skb_list_reason",
      "__tcf_kfree_skb_list",
      "__dev_queue_xmit",
      "__dev_xmit_skb",
      "dev_queue_xmit",
    ],
    means: "On its way out it was dropped before it came to the device, mostly by the queueing discipline.",
    causes:
      "More is sent than the device or a shaper lets out, a tc filter, a link that is down, or devices in a circle.",
    check:
      "tc -s qdisc show dev DEVICE; tc -s filter show dev DEVICE egress; ip -s link show DEVICE; dmesg | grep -i 'dead loop'",
    source: "net/core/dev.c: __dev_queue_xmit",
  },
  {
    functions: [
      "sch_direct_xmit",
      "dev_hard_start_xmit",
      "validate_xmit_skb",
      "validate_xmit_skb_list",
      "__dev_direct_xmit",
      "dev_xmit_skb",
    ],
    means:
      "The device's driver did not take it, or it could not be made ready for it (segments, checksum, VLAN, encryption).",
    causes: "A device that is going down, a full ring, or a packet that does not fit the device's offloads.",
    check: "ip -s -s link show DEVICE; ethtool -S DEVICE; ethtool -k DEVICE",
    source: "net/core/dev.c: validate_xmit_skb, net/sched/sch_generic.c: sch_direct_xmit",
  },
  {
    functions: ["rtnl_unlock", "__rtnl_unlock", "rtnl_kfree_skbs", "netdev_run_todo"],
    means: "It waited in a queue that was taken away or changed.",
    causes: "Somebody removed or replaced a queueing discipline, or a device went down.",
    check: "ip monitor link; tc monitor; the log of whatever configures the network",
    source: "net/core/rtnetlink.c: rtnl_kfree_skbs",
  },
  {
    functions: [
      "tbf_enqueue",
      "netem_enqueue",
      "netem_dequeue",
      "fq_codel_enqueue",
      "fq_codel_dequeue",
      "codel_qdisc_dequeue",
      "htb_enqueue",
      "pfifo_tail_enqueue",
      "dev_reset_queue",
      "qdisc_reset",
      "pfifo_fast_reset",
    ],
    means: "A queueing discipline dropped it.",
    causes:
      "A full queue or rate limit, CoDel against long waiting, netem that is to lose packets, or a device that went down.",
    check: "tc -s qdisc show dev DEVICE (dropped, overlimits, backlog)",
    source: "net/sched/",
  },
  {
    functions: [
      "tcf_action_exec",
      "tcf_classify",
      "tcf_mirred_act",
      "sch_handle_ingress",
      "sch_handle_egress",
      "tc_run",
    ],
    means: "A tc filter, action or BPF program dropped it.",
    causes:
      "A rule with the action drop, a policer, a redirect to a device that is down, or a container network's BPF.",
    check: "tc -s filter show dev DEVICE ingress; tc -s filter show dev DEVICE egress; bpftool net",
    source: "net/sched/, net/core/dev.c",
  },
  {
    functions: ["enqueue_to_backlog", "netif_rx_internal"],
    means: "The CPU's queue of packets that came in is full, or the device is going away.",
    causes: "One CPU that gets more than it can handle, by veth, loopback, tunnels or RPS.",
    check: "cat /proc/net/softnet_stat (columns 2, 11); sysctl net.core.netdev_max_backlog",
    source: "net/core/dev.c: enqueue_to_backlog",
  },
  {
    functions: ["__netif_receive_skb_core", "__netif_receive_skb_one_core", "netif_receive_skb_internal"],
    means:
      "Nobody took the frame: no handler for its Ethernet type or VLAN, or a tc or XDP program dropped it.",
    causes: "LLDP, spanning tree or vendor frames, a VLAN tag without a device for it, or a BPF program.",
    check:
      "tcpdump -e -n -i DEVICE; cat /proc/net/ptype; tc -s filter show dev DEVICE ingress; ip -s link show DEVICE",
    source: "net/core/dev.c: __netif_receive_skb_core",
  },
  {
    functions: ["do_xdp_generic", "netif_receive_generic_xdp", "veth_xdp_rcv_skb"],
    means: "An XDP program dropped it.",
    causes: "A load balancer, filter or container network in BPF, or one that failed (XDP_ABORTED).",
    check: "ip link show DEVICE (xdp); bpftool net; ethtool -S DEVICE | grep xdp",
    source: "net/core/dev.c: do_xdp_generic",
  },
  {
    functions: ["napi_gro_receive", "napi_reuse_skb", "gro_receive_skb"],
    means: "Generic receive offload gave it back to the driver or dropped it.",
    causes: "A damaged frame, or a driver's own use of it.",
    check: "ethtool -S DEVICE; ethtool -K DEVICE gro off, for a try",
    source: "net/core/gro.c",
  },
  {
    functions: [
      "br_handle_frame",
      "br_handle_frame_finish",
      "br_handle_local_finish",
      "__br_forward",
      "br_forward",
      "br_flood",
      "br_dev_xmit",
      "br_dev_queue_push_xmit",
      "br_multicast_flood",
      "br_pass_frame_up",
    ],
    means: "The bridge did not pass the frame on.",
    causes:
      "A port that is blocked or still learning, a VLAN that the port is not in, an isolated port, an MTU, or no other port.",
    check: "bridge -d link show; bridge vlan show; bridge fdb show; ip -d link show DEVICE",
    source: "net/bridge/br_input.c, br_forward.c",
  },
  {
    functions: [
      "br_nf_pre_routing",
      "br_nf_pre_routing_finish",
      "br_nf_forward_ip",
      "br_nf_dev_queue_xmit",
      "br_nf_post_routing",
    ],
    means:
      "A bridged packet was refused on its way through iptables: it is malformed, or too large to go on.",
    causes:
      "A DNAT whose destination has no route, or fragments that were put together and do not fit the port.",
    check: "sysctl net.bridge.bridge-nf-call-iptables; iptables -t nat -nvxL; ip link show DEVICE (mtu)",
    source: "net/bridge/br_netfilter_hooks.c",
  },
  {
    functions: ["veth_xmit", "veth_forward_skb"],
    means: "The other end of the veth pair did not take it.",
    causes: "The other end is down or gone, the frame is larger than its MTU, or its CPU's queue is full.",
    check: "ip -s link show DEVICE; ip -n NAMESPACE link show; cat /proc/net/softnet_stat",
    source: "drivers/net/veth.c: veth_xmit",
  },
  {
    functions: ["tun_net_xmit", "tap_handle_frame", "tun_put_user", "tun_get_user"],
    means: "The tun or tap device did not take it.",
    causes: "A program (VPN, virtual machine) that reads too slowly or is gone, or a filter that it set.",
    check: "ip -s -d link show DEVICE; the CPU time and log of the program",
    source: "drivers/net/tun.c",
  },
  {
    functions: ["vxlan_rcv", "vxlan_xmit", "vxlan_xmit_one", "vxlan_build_skb"],
    means: "The VXLAN device refused it: an unknown VNI, a bad header, no VTEP, or no route to one.",
    causes: "Peers with different VNIs, a missing forwarding entry, or an underlay without a route.",
    check: "ip -d link show type vxlan; bridge fdb show dev DEVICE; ip route get VTEP",
    source: "drivers/net/vxlan/",
  },
  {
    functions: [
      "ip_tunnel_rcv",
      "ip_tunnel_xmit",
      "ipip_rcv",
      "ipip_tunnel_xmit",
      "gre_rcv",
      "ipgre_rcv",
      "ipgre_xmit",
      "ip6_tnl_xmit",
      "iptunnel_xmit",
    ],
    means:
      "A tunnel (IPIP, GRE) refused it: no tunnel for it, keys or sequence that differ, no route, or too large.",
    causes: "Ends that are set up differently, or an underlay without a route or with a smaller MTU.",
    check: "ip -d -s tunnel show; ip -d -s link show DEVICE; ip route get REMOTE",
    source: "net/ipv4/ip_tunnel.c, ip_gre.c, ipip.c",
  },
  {
    functions: ["vlan_do_receive", "vlan_dev_hard_start_xmit"],
    means: "A VLAN device refused the frame.",
    causes: "A device that is down, or a tag that does not fit.",
    check: "ip -d -s link show type vlan",
    source: "net/8021q/",
  },
  {
    functions: [
      "macvlan_handle_frame",
      "macvlan_broadcast_enqueue",
      "macvlan_process_broadcast",
      "ipvlan_process_multicast",
      "ipvlan_multicast_enqueue",
    ],
    means: "macvlan or ipvlan did not hand the frame on.",
    causes: "A device below or above that is down, or a full queue of broadcasts.",
    check: "ip -d -s link show type macvlan; ip -d -s link show type ipvlan",
    source: "drivers/net/macvlan.c, drivers/net/ipvlan/",
  },
];
