// Two things that Vue's compiler writes into every page and this portal can do without; a tenth of its scripts.
const ROOT = 0;
const VNODE_CALL = 13;
const PROPS = 8;
const FULL_PROPS = 16;

/** An element's props are compared one by one, as of v-bind="object", instead of by a list of those that may change. */
function compareAllProps(node) {
  const call = node.codegenNode;
  if (call?.type === VNODE_CALL && call.dynamicProps) {
    call.patchFlag = (call.patchFlag & ~PROPS) | FULL_PROPS;
    call.dynamicProps = undefined;
  }
  for (const child of node.children ?? node.branches ?? []) if (typeof child === 'object') compareAllProps(child);
}

/** For @vitejs/plugin-vue. Nothing is hoisted or cached: constants of a page used once are longer apart than in place. */
export const compilerOptions = {
  hoistStatic: false,
  cacheHandlers: false,
  nodeTransforms: [(node) => (node.type === ROOT ? () => compareAllProps(node) : undefined)],
};

/** Dictionaries, links and what is called are no refs; a component's file name is for development. */
export const compact = {
  name: 'compact',
  apply: 'build',
  transform: (code, id) =>
    /\.vue(\?|$)/.test(id)
      ? { code: code.replace(/_unref\((w|common|moves|RouterLink)\)|_unref\((\w+)\)(?=\()/g, '$1$2').replace(/__name: ["']\w+["'],/, ''), map: null }
      : null,
};
