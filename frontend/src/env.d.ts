interface ImportMetaEnv {
  readonly HAS_REALTIME: boolean;
}
