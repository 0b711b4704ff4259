/** The five states of a socket, `avs_net_socket_state_t`. */
export type SocketState = 'closed' | 'shutdown' | 'bound' | 'accepted' | 'connected';

/** The numbers that avs_net gives them. */
export const AVS_STATES: Readonly<Record<SocketState, number>> = {
  closed: 0,
  shutdown: 1,
  bound: 2,
  accepted: 3,
  connected: 4,
};
