// Reasons of devices, traffic control and tunnels. include/net/dropreason-core.h has the names.
import type { Reasons } from "./explanation.js";

/** By name. */
export const DEVICE_REASONS: Reasons = {
  TC_EGRESS: {
    means: "A tc filter or BPF program dropped it on the way out.",
    causes: "A rule with the action drop, a policer, or a container network's BPF program (Cilium, for one).",
    check: "tc -s filter show dev DEVICE egress; bpftool net; tc -s filter show dev DEVICE",
    source: "net/core/dev.c: sch_handle_egress",
  },
  TC_INGRESS: {
    means: "A tc filter or BPF program dropped it on the way in.",
    causes: "A rule with the action drop, a policer, or a container network's BPF program (Cilium, for one).",
    check: "tc -s filter show dev DEVICE ingress; bpftool net",
    source: "net/core/dev.c: sch_handle_ingress",
  },
  TC_COOKIE_ERROR: {
    means: "tc lost track of a packet that hardware had classified in part.",
    causes: "Offloaded filters, or no memory for what tc notes with a packet.",
    check: "tc -s filter show dev DEVICE ingress; ethtool -k DEVICE (hw-tc-offload)",
    source: "net/sched/cls_api.c: tcf_classify",
  },
  TC_CHAIN_NOTFOUND: {
    means: "A tc filter went on to a chain that does not exist.",
    causes: "Rules that are being changed, or hardware and software that differ.",
    check: "tc chain show dev DEVICE ingress; tc -s filter show dev DEVICE ingress",
    source: "net/sched/cls_api.c: tcf_classify",
  },
  TC_RECLASSIFY_LOOP: {
    means: "tc filters asked again and again for the packet to be classified anew.",
    causes: "Actions with reclassify that lead to themselves.",
    check: "tc -s filter show dev DEVICE",
    source: "net/sched/cls_api.c: __tcf_classify",
  },
  CPU_BACKLOG: {
    means: "The CPU's queue of packets that came in is full, or the flow limit holds one flow back.",
    causes: "One CPU that gets more than it can handle, by veth, loopback, tunnels or RPS.",
    check:
      "cat /proc/net/softnet_stat (columns 2, 11); sysctl net.core.netdev_max_backlog net.core.flow_limit_cpu_bitmap; mpstat -P ALL 1",
    source: "net/core/dev.c: enqueue_to_backlog",
  },
  XDP: {
    means: "An XDP program dropped it.",
    causes: "A load balancer, filter or container network in BPF, or one that failed (XDP_ABORTED).",
    check: "ip link show DEVICE (xdp); bpftool net; ethtool -S DEVICE | grep xdp",
    source: "net/core/dev.c: do_xdp_generic, drivers/net/veth.c: veth_xdp_rcv_skb",
  },
  MACVLAN_BROADCAST_BACKLOG: {
    means: "The queue of broadcasts that macvlan still has to hand out is full.",
    causes: "A storm of broadcast or multicast with many macvlan devices.",
    check: "ip -d link show type macvlan (bcqueuelen); ip -s link show DEVICE",
    source: "drivers/net/macvlan.c: macvlan_broadcast_enqueue",
  },
  IPVLAN_MULTICAST_BACKLOG: {
    means: "The queue of multicasts that ipvlan still has to hand out is full.",
    causes: "A storm of broadcast or multicast with many ipvlan devices.",
    check: "ip -d link show type ipvlan; ip -s link show DEVICE",
    source: "drivers/net/ipvlan/ipvlan_core.c: ipvlan_multicast_enqueue",
  },
  SKB_CSUM: {
    means: "A checksum could not be computed or filled in.",
    causes: "No memory, or a packet whose headers do not fit its data.",
    check: "dmesg; ethtool -k DEVICE",
    source: "net/core/dev.c: validate_xmit_skb",
  },
  SKB_GSO_SEG: {
    means: "A large packet could not be cut into segments.",
    causes: "No memory, or a packet of a virtual machine or tunnel with wrong offload fields.",
    check: "dmesg; ethtool -k DEVICE; ethtool -K DEVICE gso off tso off, for a try",
    source: "net/core/dev.c: validate_xmit_skb",
  },
  SKB_BAD_GSO: {
    means: "The fields that say how a large packet is to be cut are not valid.",
    causes: "A program or virtual machine that sends with offload fields of its own.",
    check: "ethtool -k DEVICE; the sender's driver",
    source: "net/core/dev.c: qdisc_pkt_len_segs_init",
  },
  DEV_HDR: {
    means: "The header that a driver or virtual device wants is not valid.",
    causes: "A program that writes to tun or tap with a wrong virtio or packet header.",
    check: "ip -d -s link show DEVICE; the program's log",
    source: "drivers/net/tun.c, drivers/net/tap.c",
  },
  DEV_READY: {
    means: "The device is not up, or not set up to take packets.",
    causes: "A link that is down, or a tun device that no program has open.",
    check: "ip -s link show DEVICE",
    source: "net/core/dev.c, drivers/net/tun.c: tun_net_xmit",
  },
  FULL_RING: {
    means: "The device's ring or queue is full.",
    causes:
      "The other side reads too slowly: a virtual machine, a VPN program on tun, a peer on another CPU.",
    check: "ip -s link show DEVICE; ethtool -g DEVICE; the CPU time of the reading program",
    source: "drivers/net/tun.c: tun_net_xmit, drivers/net/tap.c: tap_handle_frame",
  },
  HDR_TRUNC: {
    means: "The packet ends before its headers do.",
    causes: "A packet that was cut, or made wrongly by a program or virtual machine.",
    check: "tcpdump -vv -n -i DEVICE",
    source: "include/net/dropreason-core.h",
  },
  TAP_FILTER: {
    means: "The BPF filter of a tun or tap device refused it.",
    causes: "A filter that the hypervisor or VPN program set.",
    check: "bpftool prog list; the program that holds the device",
    source: "drivers/net/tun.c: tun_net_xmit",
  },
  TAP_TXFILTER: {
    means: "The MAC address filter of a tun or tap device refused it.",
    causes: "A frame that is not for the virtual machine behind the device.",
    check: "ip -d link show DEVICE; bridge fdb show",
    source: "drivers/net/tun.c: tun_net_xmit, check_filter",
  },
  VXLAN_INVALID_HDR: {
    means: "The VXLAN header is not valid: reserved fields are set, or the flag I is not.",
    causes: "A peer that speaks another flavour (GPE, GBP), or other traffic on the same port.",
    check: "ip -d link show type vxlan; tcpdump -n -i DEVICE udp port 4789",
    source: "drivers/net/vxlan/vxlan_core.c: vxlan_rcv",
  },
  VXLAN_VNI_NOT_FOUND: {
    means: "No VXLAN device here has the packet's VNI.",
    causes: "Peers with different VNIs, or a device that is down or gone.",
    check: "ip -d link show type vxlan; bridge vni show",
    source: "drivers/net/vxlan/vxlan_core.c: vxlan_rcv",
  },
  VXLAN_ENTRY_EXISTS: {
    means: "A MAC address came from another VTEP than the one fixed for it.",
    causes: "A static or controller's entry for a host that has moved, or a forged source.",
    check: "bridge fdb show dev DEVICE",
    source: "drivers/net/vxlan/vxlan_core.c: vxlan_snoop",
  },
  VXLAN_NO_REMOTE: {
    means: "There is no VTEP to send the frame to.",
    causes: "No forwarding entry for the MAC address, and none for all others.",
    check: "bridge fdb show dev DEVICE; ip -d link show DEVICE (remote, group)",
    source: "drivers/net/vxlan/vxlan_core.c: vxlan_xmit",
  },
  NO_TX_TARGET: {
    means: "There is no destination to send the frame to.",
    causes:
      "A VXLAN device without a forwarding entry for the MAC address, or a device without ports or peer.",
    check: "bridge fdb show dev DEVICE; ip -d link show DEVICE",
    source: "drivers/net/vxlan/vxlan_core.c: vxlan_xmit",
  },
  MAC_INVALID_SOURCE: {
    means: "The frame's source MAC address may not be one: all zeros or multicast.",
    causes: "A broken or forged frame.",
    check: "tcpdump -e -n -i DEVICE",
    source: "drivers/net/vxlan/vxlan_core.c: vxlan_set_mac",
  },
  MAC_IEEE_MAC_CONTROL: {
    means: "The frame is MAC control (01:80:c2:00:00:01), such as a pause frame, and is never forwarded.",
    causes: "Flow control of Ethernet that a card did not keep to itself.",
    check: "ethtool -a DEVICE; tcpdump -e -n -i DEVICE",
    source: "net/bridge/br_input.c: br_handle_frame",
  },
  LOCAL_MAC: {
    means: "The frame's source MAC address is the receiving device's own.",
    causes: "A loop on layer 2, or a MAC address that two hosts have.",
    check: "bridge fdb show; dmesg | grep 'own address'; tcpdump -e -n -i DEVICE",
    source: "drivers/net/vxlan/vxlan_core.c: vxlan_set_mac",
  },
  BRIDGE_INGRESS_STP_STATE: {
    means: "The bridge port that the frame came in by does not forward yet, or is blocked.",
    causes: "A port that came up within the forward delay, or that spanning tree blocks against a loop.",
    check: "bridge -d link show; ip -d link show DEVICE (state, forward_delay)",
    source: "net/bridge/br_input.c: br_handle_frame_finish",
  },
  IP_TUNNEL_ECN: {
    means: "The congestion marks of the outer and the inner header contradict each other (RFC 6040, 4.2).",
    causes: "A tunnel whose other end does not treat congestion marks as it should.",
    check: "sysctl net.ipv4.tcp_ecn; the other end's tunnel; ip -s link show DEVICE (rx frame errors)",
    source: "include/net/inet_ecn.h: __INET_ECN_decapsulate",
  },
  TUNNEL_TXINFO: {
    means: "A tunnel device that takes its destinations from the packet (external) got one without.",
    causes: "A packet that did not come by the rule, route or Open vSwitch flow that adds the destination.",
    check: "ip -d link show DEVICE (external); tc -s filter show; ip route show",
    source: "drivers/net/vxlan/vxlan_core.c: vxlan_xmit, net/ipv4/ip_tunnel.c",
  },
  RECURSION_LIMIT: {
    means: "The packet went through so many devices stacked on each other that it must be going in circles.",
    causes: "A tunnel whose packets are routed into the same tunnel, or devices that redirect to each other.",
    check: "dmesg | grep -i 'dead loop'; ip route get DESTINATION; ip -d link show DEVICE",
    source: "net/core/dev.c: __dev_queue_xmit, include/net/ip_tunnels.h",
  },
  CAN_RX_INVALID_FRAME: {
    means: "A frame of the CAN bus is malformed.",
    causes: "A driver or program that makes wrong frames.",
    check: "candump -e DEVICE; ip -d -s link show DEVICE",
    source: "net/can/af_can.c: can_rcv",
  },
  CANFD_RX_INVALID_FRAME: {
    means: "A frame of CAN FD is malformed.",
    causes: "A driver or program that makes wrong frames.",
    check: "candump -e DEVICE; ip -d -s link show DEVICE",
    source: "net/can/af_can.c: canfd_rcv",
  },
  CANXL_RX_INVALID_FRAME: {
    means: "A frame of CAN XL is malformed.",
    causes: "A driver or program that makes wrong frames.",
    check: "candump -e DEVICE; ip -d -s link show DEVICE",
    source: "net/can/af_can.c: canxl_rcv",
  },
};
