---@type vim.lsp.Config
return {
  cmd = { 'aiana', 'lsp' },
  root_markers = { '.git' },
  -- One server for all projects of this Neovim: requests name the project that they mean.
  reuse_client = function(client, config)
    return client.name == config.name and not client:is_stopped()
  end,
  -- The plugin opens `aiana://` documents; without it the server would write files instead.
  capabilities = { experimental = { aianaDocuments = true } },
  on_init = require('aiana.client').on_init,
  on_exit = require('aiana.client').on_exit,
  handlers = {
    ['aiana/didChange'] = function(_, changes)
      require('aiana.events').changed(changes)
    end,
    ['aiana/statusChanged'] = function(_, status)
      require('aiana.events').status(status)
    end,
  },
}
