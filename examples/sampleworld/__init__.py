"""A synthetic world of invented news sites, people and stories, rendered as realistic pages with known truth.

Everything here is made up: places, outlets, people, sentences. Hosts end in `.example`. Every page says that it is synthetic.
"""

from sampleworld.world import World, build

__all__ = ["World", "build"]
