"""Hydra's door to the YAMLs of plugins."""

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin


class AlignbenchSearchPath(SearchPathPlugin):
    """Adds the folder ``conf/`` of every loaded plugin, behind the package's own."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Called whenever Hydra is set up."""
        from alignbench import plugins

        for plugin in plugins.loaded():
            if plugin.conf.is_dir():
                search_path.append(f"plugin {plugin.name}", f"file://{plugin.conf}")
