// JupyterLab draws image outputs without the alternative text of their metadata. This extension lets
// JupyterLab draw them and adds it: from the output's metadata, or, for a cell that was run again, from the
// cell's. It is written by hand in the form that JupyterLab loads (a container of module federation), so that
// nothing has to be built.
(() => {
  const KINDS = ["image/png", "image/jpeg"];
  let shared;

  const load = async name => {
    const versions = Object.values(shared[name]);
    return (await versions[0].get())();
  };

  const altOfCell = (tracker, node) => {
    let found = "";
    tracker.forEach(panel => {
      const cell = panel.content.widgets.find(cell => cell.node.contains(node));
      found = cell?.model.getMetadata("alt") || found;
    });
    return found;
  };

  const describe = (renderer, kind, tracker) => {
    const { renderModel, onAfterAttach } = renderer;
    let told = "";
    const write = () => {
      const image = renderer.node.querySelector("img");
      if (image) image.alt = told || altOfCell(tracker, renderer.node);
    };
    renderer.renderModel = async model => {
      await renderModel.call(renderer, model);
      told = model.metadata[kind]?.alt || "";
      write();
    };
    renderer.onAfterAttach = message => {
      onAfterAttach.call(renderer, message);
      write();
    };
    return renderer;
  };

  const plugin = async () => {
    const { IRenderMimeRegistry } = await load("@jupyterlab/rendermime");
    const { INotebookTracker } = await load("@jupyterlab/notebook");
    return {
      id: "facelm-alt:plugin",
      description: "Gives pictures their alternative text.",
      autoStart: true,
      requires: [IRenderMimeRegistry, INotebookTracker],
      activate: (app, registry, tracker) => {
        const original = registry.getFactory("image/png");
        const createRenderer = options =>
          describe(original.createRenderer(options), options.mimeType, tracker);
        registry.addFactory({ ...original, mimeTypes: KINDS, createRenderer });
      },
    };
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["facelm-alt"] = {
    init: scope => { shared = scope; },
    get: async () => { const made = await plugin(); return () => ({ __esModule: true, default: made }); },
  };
})();
